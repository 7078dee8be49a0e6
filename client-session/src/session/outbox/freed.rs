use super::entry::Entry;

/// How many entries and bytes were taken out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Freed {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Freed {
    pub(super) fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        self.bytes += entry.weight();
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self { entries: self.entries + other.entries, bytes: self.bytes + other.bytes }
    }
}
