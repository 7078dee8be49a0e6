use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tidewire_backbone::Lease;

use crate::clock::millis;

/// Finds out which leases have ended; times in the node's milliseconds.
///
/// A lease has ended when the node has been in touch with the store for a lease's length without a break, and in
/// that time nobody renewed it: who could not reach the store either, in a failover, has had time to come back.
pub(crate) struct Judge {
    lease: u64,
    /// Since when the node is in touch.
    touched: Option<u64>,
    /// When it last heard.
    heard: u64,
    /// Those that somebody renews.
    living: HashSet<Lease>,
    /// Those that members are filed under and the store does not know, and since when.
    unknown: HashMap<Lease, u64>,
    ended: HashMap<Lease, u64>,
}

impl Judge {
    pub(crate) fn new(lease: u64) -> Self {
        Self {
            lease,
            touched: None,
            heard: 0,
            living: HashSet::new(),
            unknown: HashMap::new(),
            ended: HashMap::new(),
        }
    }

    /// The store said how long ago each lease was renewed; answers with those that are found to have ended now.
    pub(crate) fn hear(&mut self, now: u64, leases: &[(Lease, Duration)]) -> Vec<Lease> {
        // Whoever pauses for long has not seen what happened meanwhile.
        if now.saturating_sub(self.heard) > self.lease / 2 {
            self.touched = None;
        }
        self.heard = now;
        let touched = *self.touched.get_or_insert(now);
        let may_judge = now.saturating_sub(touched) >= self.lease;
        let silent: HashMap<Lease, u64> =
            leases.iter().map(|(lease, silent)| (*lease, millis(*silent))).collect();
        self.unknown.retain(|lease, _| !silent.contains_key(lease));
        let unknown = self.unknown.iter().filter(|(_, since)| now.saturating_sub(**since) > self.lease);
        let late = silent.iter().filter(|(_, silent)| **silent > self.lease);
        let mut found: Vec<Lease> = match may_judge {
            true => unknown.chain(late).map(|(lease, _)| *lease).collect(),
            false => Vec::new(),
        };
        found.sort_unstable();
        self.living =
            silent.into_iter().filter(|(_, silent)| *silent <= self.lease).map(|(it, _)| it).collect();
        self.ended.retain(|lease, since| !self.living.contains(lease) && now - *since < REMEMBERED);
        found.retain(|lease| self.ended.insert(*lease, now).is_none());
        self.unknown.retain(|lease, _| !self.ended.contains_key(lease));
        found
    }

    /// Whether the store knew the lease when it was last heard.
    pub(crate) fn has_heard_of(&self, lease: Lease) -> bool {
        self.living.contains(&lease)
    }

    /// The store could not be asked, or may be another one now.
    pub(crate) fn lose_touch(&mut self) {
        self.touched = None;
    }

    /// Those of the leases under which a channel's members are filed that have ended.
    pub(crate) fn ended(&mut self, now: u64, leases: &[Lease]) -> Vec<Lease> {
        let known = |lease: &&Lease| self.living.contains(lease) || self.ended.contains_key(lease);
        let unknown: Vec<Lease> = leases.iter().filter(|lease| !known(lease)).copied().collect();
        for lease in unknown {
            if self.unknown.len() < MOST_UNKNOWN {
                self.unknown.entry(lease).or_insert(now);
            }
        }
        leases.iter().filter(|lease| self.ended.contains_key(lease)).copied().collect()
    }
}

/// Longer than the store remembers a lease.
const REMEMBERED: u64 = 2 * 3600 * 1000;
/// Far more leases than a cluster has.
const MOST_UNKNOWN: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const A: Lease = Lease { node: 1, term: 1 };
    const B: Lease = Lease { node: 2, term: 1 };

    #[test]
    fn a_lease_that_nobody_renews_ends_once() {
        let mut judge = in_touch_until(9_000);
        assert_eq!(judge.hear(11_000, &[silent(A, 0), silent(B, 8_900)]), []);
        assert_eq!(judge.hear(13_000, &[silent(A, 0), silent(B, 10_900)]), [B]);
        assert_eq!(judge.hear(15_000, &[silent(A, 0), silent(B, 12_900)]), []);
        assert_eq!(judge.ended(15_000, &[A, B]), [B]);
    }

    #[test]
    fn who_has_just_come_judges_nobody() {
        let mut judge = Judge::new(9_000);
        for now in [1_000, 4_000, 8_000, 9_999] {
            assert_eq!(judge.hear(now, &[silent(B, 3_000_000)]), []);
        }
        assert_eq!(judge.hear(10_000, &[silent(B, 3_000_000)]), [B]);
    }

    #[test]
    fn after_a_break_everybody_has_time_to_come_back() {
        let mut judge = in_touch_until(20_000);
        judge.lose_touch();
        assert_eq!(judge.hear(22_000, &[silent(B, 60_000)]), []);
        assert_eq!(judge.hear(26_000, &[silent(B, 64_000)]), []);
        assert_eq!(judge.hear(28_000, &[silent(B, 1_000)]), []);
        assert_eq!(judge.hear(32_000, &[silent(B, 5_000)]), []);
        assert_eq!(judge.ended(32_000, &[B]), []);
    }

    #[test]
    fn who_was_halted_itself_judges_nobody() {
        let mut judge = in_touch_until(20_000);
        assert_eq!(judge.hear(60_000, &[silent(B, 39_000)]), []);
    }

    #[test]
    fn a_lease_that_the_store_does_not_know_ends_after_its_time() {
        let mut judge = in_touch_until(20_000);
        assert_eq!(judge.ended(20_000, &[A, B]), []);
        assert_eq!(judge.hear(22_000, &[silent(A, 0)]), []);
        assert_eq!(judge.hear(26_000, &[silent(A, 0)]), []);
        assert_eq!(judge.hear(29_001, &[silent(A, 0)]), [B]);
        assert_eq!(judge.ended(29_001, &[A, B]), [B]);
    }

    #[test]
    fn who_renews_again_has_not_ended() {
        let mut judge = in_touch_until(20_000);
        assert_eq!(judge.hear(22_000, &[silent(B, 10_000)]), [B]);
        assert_eq!(judge.hear(24_000, &[silent(B, 10)]), []);
        assert_eq!(judge.ended(24_000, &[B]), []);
    }

    fn in_touch_until(end: u64) -> Judge {
        let mut judge = Judge::new(9_000);
        for now in (0..=end).step_by(2_000) {
            judge.hear(now, &[silent(A, 0)]);
        }
        judge
    }

    fn silent(lease: Lease, milliseconds: u64) -> (Lease, Duration) {
        (lease, Duration::from_millis(milliseconds))
    }
}
