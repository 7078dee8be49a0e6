use tidewire_protocol::{ChannelName, Payload, PayloadBytes, Seq};

use crate::session::context::Context;
use crate::{Output, PublishId, PublishName, Timestamp};

/// One publication in the outbox.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) publish: PublishId,
    pub(super) payload: Payload,
    pub(super) state: State,
    /// In a durable session, the seq of the name that the driver was asked to store it with; 0 where it has none.
    pub(super) asked: Seq,
    /// The seq of the name that the driver has stored it with.
    pub(super) stored: Seq,
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
    pub(super) const fn new(publish: PublishId, payload: Payload) -> Self {
        Self { publish, payload, state: State::New, asked: 0, stored: 0 }
    }

    /// Asks the driver to store it as this.
    pub(super) fn store(&mut self, context: &mut Context, channel: &ChannelName, name: Option<PublishName>) {
        self.asked = name.map_or(0, |name| name.seq);
        self.stored = 0;
        let (publish, channel, payload) = (self.publish, channel.clone(), self.payload.clone());
        context.outputs.store(Output::Store { publish, channel, payload, name });
    }

    pub(super) fn weight(&self) -> usize {
        self.payload.bytes().len()
    }

    /// Whether nothing more is to be learned of it.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Acknowledged { .. } | State::Vacant | State::Gone)
    }

    /// When it may leave the outbox: settled, or so old that sending it again could make a second copy.
    pub(super) fn settles(&self, settle_ms: u64, memory_ms: u64) -> Timestamp {
        match self.state {
            State::Acknowledged { first, at } => at.after_ms(settle_ms).min(first.after_ms(memory_ms)),
            State::Gone => Timestamp(0),
            State::New | State::Sent(_) | State::Doubtful(_) | State::Vacant => Timestamp::NEVER,
        }
    }

    /// When it was sent first, where nobody knows what became of it.
    pub(super) const fn in_doubt_since(&self) -> Timestamp {
        match self.state {
            State::Sent(first) | State::Doubtful(first) => first,
            State::New | State::Acknowledged { .. } | State::Vacant | State::Gone => Timestamp::NEVER,
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
