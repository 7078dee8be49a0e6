use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tidewire_protocol::{ChannelName, Position, Seq};

use crate::{Draft, PresenceStore, Retention, Run};

/// Where the nodes of a cluster share their channels' logs. Used as `Arc<dyn Backbone>`.
///
/// Constructors are inherent and return `(Self, Arrivals)`.
#[async_trait]
pub trait Backbone: Send + Sync + 'static {
    /// Appends a publication and announces it, as one atomic step.
    ///
    /// Not an `async fn`, because the call itself takes its place in line: of two calls for one channel the
    /// first is executed first, whenever their futures are awaited. Dropping the future does not undo it. With
    /// [`Retention::None`] nothing is kept and the answer has no position.
    ///
    /// An error means that nothing is known: it may have been appended. Publish it again with the same seq.
    fn publish(
        &self,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
    ) -> BoxFuture<'static, Result<Appended, BackboneError>>;

    /// From now on the arrivals include this channel; what is published after this returns arrives, or
    /// `Interrupted` does.
    async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError>;

    /// From now on the arrivals need not include this channel.
    async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError>;

    /// Reads what the log retains after an offset, oldest first, at most `limit` entries.
    ///
    /// The run's base is the position at `after`, where that is retained or is the log's base or tip, or else
    /// the oldest position that the log still knows (or its tip, where `after` lies beyond the tip). Never read
    /// from a replica.
    /// A channel without a log gets one: random tag, no entries.
    async fn read(&self, channel: &ChannelName, after: u64, limit: usize) -> Result<Answer, BackboneError>;

    /// Whether publishes are likely to be accepted now.
    fn is_ready(&self) -> bool;

    /// Where nodes share who is in which channel; `None` where this backbone does not know that.
    fn presence(&self) -> Option<&dyn PresenceStore> {
        None
    }
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The entries, and the position before them.
    pub run: Run,
    /// The log's newest position; beyond the run's tip where `limit` cut it short.
    pub tip: Position,
}

/// What became of a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now, here.
    Accepted {
        /// Where; `None` only with [`Retention::None`].
        position: Option<Position>,
        /// How many seqs before it the log never got; not 0 only by force.
        missing: u64,
    },
    /// It was in the log already.
    Old {
        /// Where, while that is known (the publisher's newest).
        position: Option<Position>,
    },
    /// Earlier seqs are missing; nothing was written.
    Behind {
        /// The last accepted seq of this publisher, 0 where none is.
        last: Seq,
    },
}

/// Why a backbone could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackboneError {
    /// It cannot be reached now, or did not answer in time; the same call may succeed later.
    #[error("the backbone cannot be reached: {0}")]
    Unavailable(String),
    /// It answered, but refused or answered nonsense: a configuration to mend.
    #[error("the backbone refused: {0}")]
    Refused(String),
}
