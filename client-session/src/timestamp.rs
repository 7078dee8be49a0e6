/// A moment, in milliseconds since a start of the driver's choice; it never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Later than all others: where there is nothing to wait for.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The first of some moments.
    pub(crate) fn soonest(moments: impl Iterator<Item = Self>) -> Self {
        moments.fold(Self::NEVER, Self::min)
    }

    /// The moment so many milliseconds later.
    pub const fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How many milliseconds have passed since an earlier moment; 0 if that is later.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
