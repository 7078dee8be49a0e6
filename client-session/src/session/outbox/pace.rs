use tidewire_protocol::RefusalCode;

use crate::Timestamp;
use crate::session::context::Context;
use crate::session::rests::Rests;

/// How fast a lane sends: all it may, or one after the other after a setback, or nothing for a while.
#[derive(Debug)]
pub(super) struct Pace {
    gait: Gait,
    /// Since when the log lacks what the lane no longer has.
    lacking: Option<Timestamp>,
    setbacks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gait {
    /// As many as may be in flight.
    Free,
    /// One, to see whether it is accepted.
    Trying,
    /// None before this moment, then one.
    Resting(Timestamp),
}

/// The log lacks older seqs: ask again after so long, whether a node has healed it.
const INSIST_MS: u64 = 500;
/// Force it after so long.
const FORCE_MS: u64 = 5_000;
/// After more setbacks than this in a row, rest.
const MOST_STEPS_BACK: u32 = 3;
const RESTS: Rests = Rests { while_away_ms: (100, 1_000), otherwise_ms: (250, 10_000) };

impl Pace {
    pub(super) const fn new() -> Self {
        Self { gait: Gait::Free, lacking: None, setbacks: 0 }
    }

    /// How many may be in flight, and whether the next is to be forced.
    pub(super) fn window(&mut self, now: Timestamp, in_flight: usize) -> (usize, bool) {
        if let Gait::Resting(until) = self.gait
            && until <= now
        {
            self.gait = Gait::Trying;
        }
        let force = self.lacking.is_some_and(|since| now.ms_since(since) >= FORCE_MS);
        match self.gait {
            Gait::Free => (in_flight, false),
            Gait::Trying => (1, force),
            Gait::Resting(_) => (0, false),
        }
    }

    /// Something was accepted.
    pub(super) const fn succeeded(&mut self) {
        *self = Self::new();
    }

    /// The log lacks what the lane still has.
    pub(super) const fn stepped_back(&mut self, now: Timestamp) {
        self.lacking = None;
        self.setbacks = self.setbacks.saturating_add(1);
        self.gait =
            if self.setbacks > MOST_STEPS_BACK { Gait::Resting(now.after_ms(INSIST_MS)) } else { Gait::Free };
    }

    /// The log lacks what the lane no longer has: a node may heal it.
    pub(super) fn lacks_older(&mut self, now: Timestamp) {
        self.lacking.get_or_insert(now);
        self.gait = Gait::Resting(now.after_ms(INSIST_MS));
    }

    /// The server cannot take it now, because of this.
    pub(super) fn postponed(&mut self, context: &mut Context, why: RefusalCode) {
        let until = context.rest(&RESTS, why, self.setbacks);
        self.setbacks = self.setbacks.saturating_add(1);
        self.gait = Gait::Resting(until);
    }

    pub(super) const fn deadline(&self) -> Timestamp {
        match self.gait {
            Gait::Resting(until) => until,
            Gait::Free | Gait::Trying => Timestamp::NEVER,
        }
    }
}
