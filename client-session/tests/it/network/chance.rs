/// What may happen in one seed: a small seeded generator, other than the session's own.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1);
        for _ in 0..4 {
            chance.next();
        }
        chance
    }

    /// Xorshift64 (Marsaglia 2003).
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    pub(super) fn index(&mut self, len: usize) -> usize {
        (self.next() % len as u64) as usize
    }

    /// Once in so many.
    pub(super) fn once_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }
}
