use tidewire_protocol::{Payload, PayloadBytes};

use crate::{PublishId, Timestamp};

/// One publication in the outbox.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) publish: PublishId,
    pub(super) payload: Payload,
    pub(super) state: State,
}

/// What is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No server has it.
    New,
    /// It was sent first at this moment, and all its sendings were on the present link.
    Sent(Timestamp),
    /// It was sent first at this moment, and the link was lost before the answer.
    Doubtful(Timestamp),
    /// It was sent first at one moment, and at the other the server said that the log has it.
    Acknowledged { first: Timestamp, at: Timestamp },
    /// It is refused: its seq goes to the next one, when nothing that was sent after it is under way any more.
    Vacant,
    /// It will not be sent again, but keeps its seq, because the log may have it.
    Gone,
}

impl Entry {
    pub(super) fn weight(&self) -> usize {
        self.payload.bytes().len()
    }

    /// Whether nothing more is to be learned of it.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Acknowledged { .. } | State::Vacant | State::Gone)
    }

    /// When it may leave the outbox, if that is known: settled, or so old that sending it again could make a second
    /// copy.
    pub(super) fn settles(&self, settle_ms: u64, memory_ms: u64) -> Option<Timestamp> {
        match self.state {
            State::Acknowledged { first, at } => Some(at.after_ms(settle_ms).min(first.after_ms(memory_ms))),
            State::Gone => Some(Timestamp(0)),
            State::New | State::Sent(_) | State::Doubtful(_) | State::Vacant => None,
        }
    }

    /// When it was sent first, where nobody knows what became of it.
    pub(super) const fn in_doubt_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Sent(first) | State::Doubtful(first) => Some(first),
            State::New | State::Acknowledged { .. } | State::Vacant | State::Gone => None,
        }
    }

    /// The log has it.
    pub(super) const fn acknowledge(&mut self, now: Timestamp) {
        self.state = match self.state {
            State::New => State::Acknowledged { first: now, at: now },
            // Also where it was acknowledged before: a log that lost it may have taken it anew.
            State::Sent(first) | State::Doubtful(first) | State::Acknowledged { first, .. } => {
                State::Acknowledged { first, at: now }
            }
            done @ (State::Vacant | State::Gone) => done,
        };
    }

    /// Lets go of it, except for its place; gives back how many bytes that frees.
    pub(super) fn let_go(&mut self, state: State) -> usize {
        let bytes = self.weight();
        self.payload = Payload::Binary(PayloadBytes::new());
        self.state = state;
        bytes
    }
}
