use super::random::Random;
use crate::Timestamp;

/// How long to wait before the next attempt to connect.
///
/// The first delay after a loss is random over the spread that the server named, so that the clients of a dead
/// node do not come back all at once; then full jitter, its cap doubling from 0.5 s to 30 s. Never gives up.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

const FIRST_CAP_MS: u64 = 500;
const LAST_CAP_MS: u64 = 30_000;
/// A link that lived for less does not count as a success.
const SHORT_LIFE_MS: u64 = 5_000;

impl Backoff {
    /// The delay before the next attempt, in milliseconds.
    pub(super) fn next_delay(&mut self, random: &mut Random, spread_ms: u64) -> u64 {
        let cap = self.cap().unwrap_or(spread_ms);
        self.count();
        random.up_to(cap)
    }

    /// The delay before moving to another link as a node asks, in milliseconds: within the spread, and longer where
    /// one is sent on as soon as one arrives, as by a balancer that always leads to the same node.
    pub(super) fn next_move(&mut self, random: &mut Random, spread_ms: u64) -> u64 {
        let cap = self.cap().unwrap_or(0).max(spread_ms);
        self.count();
        random.up_to(cap)
    }

    /// The longest delay after failures.
    fn cap(&self) -> Option<u64> {
        let failed = self.attempts.checked_sub(1)?;
        Some((FIRST_CAP_MS << failed.min(16)).min(LAST_CAP_MS))
    }

    /// An attempt without delay counts too.
    pub(super) const fn count(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Whether the next attempt is the first after a success.
    pub(super) const fn is_fresh(&self) -> bool {
        self.attempts == 0
    }

    /// A link that was welcomed then has been lost now.
    pub(super) fn lost_after(&mut self, welcomed: Timestamp, now: Timestamp) {
        if now.ms_since(welcomed) >= SHORT_LIFE_MS {
            self.attempts = 0;
        }
    }
}
