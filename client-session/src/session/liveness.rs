use crate::Timestamp;

/// Whether the server is still there.
#[derive(Debug)]
pub(super) struct Liveness {
    heard: Timestamp,
    silence_ms: u64,
    /// Until when the answer to a probe is awaited.
    probe: Timestamp,
}

/// What is known at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No reason to doubt.
    Fine,
    /// The timer came so late that it proves nothing: ask.
    Doubtful,
    /// It was silent for too long.
    Silent,
    /// It did not answer a probe.
    Unanswered,
}

/// How long after its heartbeat the server counts as silent.
const GRACE_MS: u64 = 10_000;
/// How long a probe may take.
const PROBE_MS: u64 = 4_000;
/// A timer that comes later than this was held up by a sleep: what arrived meanwhile may not be read yet.
const LATE_MS: u64 = 2_000;

impl Liveness {
    pub(super) const fn new(now: Timestamp, heartbeat_ms: u64) -> Self {
        Self { heard: now, silence_ms: heartbeat_ms + GRACE_MS, probe: Timestamp::NEVER }
    }

    /// Something arrived.
    pub(super) const fn heard(&mut self, now: Timestamp) {
        self.heard = now;
        self.probe = Timestamp::NEVER;
    }

    /// Whether to send a ping now; from then on the answer is awaited.
    pub(super) fn probes(&mut self, now: Timestamp) -> bool {
        let fresh = !self.is_probed();
        if fresh {
            self.probe = now.after_ms(PROBE_MS);
        }
        fresh
    }

    pub(super) fn deadline(&self) -> Timestamp {
        if self.is_probed() { self.probe } else { self.heard.after_ms(self.silence_ms) }
    }

    fn is_probed(&self) -> bool {
        self.probe < Timestamp::NEVER
    }

    pub(super) fn check(&mut self, now: Timestamp) -> Verdict {
        let deadline = self.deadline();
        if now < deadline {
            Verdict::Fine
        } else if now.ms_since(deadline) > LATE_MS {
            self.probe = Timestamp::NEVER;
            Verdict::Doubtful
        } else if self.is_probed() {
            Verdict::Unanswered
        } else {
            Verdict::Silent
        }
    }
}
