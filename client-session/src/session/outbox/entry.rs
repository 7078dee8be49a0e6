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
}

impl Entry {
    pub(super) fn weight(&self) -> usize {
        self.payload.bytes().len()
    }

    pub(super) const fn is_acknowledged(&self) -> bool {
        matches!(self.state, State::Acknowledged(_))
    }

    /// When it was sent first, where nobody knows what became of it.
    pub(super) const fn in_doubt_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Sent(first) | State::Doubtful(first) => Some(first),
            State::New | State::Acknowledged(_) => None,
        }
    }
}
