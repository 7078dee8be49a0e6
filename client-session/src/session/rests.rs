use tidewire_protocol::RefusalCode;

use super::context::Context;
use crate::Timestamp;

/// How long something rests that was refused for now: at first, and at most; doubled after each refusal.
pub(super) struct Rests {
    /// A log that cannot be reached is back at any moment, and all wait for it; its node says so without asking it.
    pub(super) while_away_ms: (u64, u64),
    /// Who is too fast, or has an old token, is so by itself.
    pub(super) otherwise_ms: (u64, u64),
}

impl Context {
    /// Until when to rest after a refusal, and so many before it: half of the time for all, and half at random.
    pub(super) fn rest(&mut self, rests: &Rests, why: RefusalCode, before: u32) -> Timestamp {
        let is_away = why == RefusalCode::Unavailable;
        let (first, last) = if is_away { rests.while_away_ms } else { rests.otherwise_ms };
        let cap = (first << before.min(16)).min(last);
        self.now.after_ms(cap / 2 + self.random.up_to(cap / 2))
    }
}
