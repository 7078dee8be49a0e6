use std::collections::HashMap;
use std::time::Duration;

use tidewire_protocol::{Position, PublisherId, Seq};
use tokio::time::Instant;

/// What a log remembers of its publishers, in two generations: each is remembered for one to two windows after
/// its last publication, and forgetting is dropping a map.
#[derive(Clone)]
pub(super) struct Publishers {
    window: Duration,
    young: HashMap<PublisherId, Accepted>,
    old: HashMap<PublisherId, Accepted>,
    /// When the young generation began.
    since: Instant,
}

/// A publisher's newest publication.
#[derive(Clone, Copy)]
pub(super) struct Accepted {
    pub(super) seq: Seq,
    pub(super) position: Position,
}

impl Publishers {
    pub(super) fn new(now: Instant) -> Self {
        Self { window: Duration::ZERO, young: HashMap::new(), old: HashMap::new(), since: now }
    }

    /// From now on a publisher is remembered for this long.
    pub(super) fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    pub(super) fn window(&self) -> Duration {
        self.window
    }

    pub(super) fn newest(&self, publisher: PublisherId) -> Option<Accepted> {
        self.young.get(&publisher).or_else(|| self.old.get(&publisher)).copied()
    }

    pub(super) fn accept(&mut self, publisher: PublisherId, accepted: Accepted) {
        self.old.remove(&publisher);
        self.young.insert(publisher, accepted);
    }

    /// Forgets who was idle too long.
    pub(super) fn forget_idle(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed < self.window {
            return;
        }
        self.old = match passed < 2 * self.window {
            true => std::mem::take(&mut self.young),
            false => HashMap::new(),
        };
        self.young = HashMap::new();
        self.since = now;
    }

    /// When there is something to forget again, if ever.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        (!self.young.is_empty() || !self.old.is_empty()).then(|| self.since + self.window)
    }
}
