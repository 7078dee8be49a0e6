use bytes::Bytes;
use tidewire_protocol::Payload;

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
    /// The log has it, said the server at this moment.
    Acknowledged(Timestamp),
    /// It will not be sent again, but keeps its seq, because the log may have it.
    Gone,
}

impl Entry {
    pub(super) fn weight(&self) -> usize {
        self.payload.bytes().len()
    }

    /// Whether nothing more is to be learned of it.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Acknowledged(_) | State::Gone)
    }

    /// Whether it may leave the outbox.
    pub(super) const fn is_settled(&self, now: Timestamp, settle_ms: u64) -> bool {
        match self.state {
            State::Acknowledged(at) => now.ms_since(at) >= settle_ms,
            State::Gone => true,
            State::New | State::Sent(_) | State::Doubtful(_) => false,
        }
    }

    /// When it was sent first, where nobody knows what became of it.
    pub(super) const fn in_doubt_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Sent(first) | State::Doubtful(first) => Some(first),
            State::New | State::Acknowledged(_) | State::Gone => None,
        }
    }

    /// Lets go of it, except for its seq; gives back how many bytes that frees.
    pub(super) fn let_go(&mut self) -> usize {
        let bytes = self.weight();
        self.payload = Payload::Binary(Bytes::new());
        self.state = State::Gone;
        bytes
    }
}
