use std::time::Duration;

use tidewire_protocol::{Payload, Position, PublicationId, PublisherId, Seq};

/// One publication in a channel's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// Who published it.
    pub publisher: PublisherId,
    /// Its publisher's counter in this channel.
    pub seq: Seq,
    /// How many seqs of the publisher, just before this one, the log never got.
    pub missing: u64,
    /// What was published.
    pub payload: Payload,
    /// The publisher's user.
    pub user: Option<String>,
}

impl Entry {
    /// The 32 bits that name the publication.
    pub fn id(&self) -> PublicationId {
        PublicationId::of(self.publisher, self.seq)
    }

    /// Bytes that the entry holds in memory beside its own size.
    pub fn weight(&self) -> usize {
        self.payload.bytes().len() + self.user.as_ref().map_or(0, String::len)
    }
}

/// A publication on its way into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Who publishes.
    pub publisher: PublisherId,
    /// The publisher's counter: only the last accepted + 1 is appended, unless `force`.
    pub seq: Seq,
    /// What is published.
    pub payload: Payload,
    /// The publisher's user.
    pub user: Option<String>,
    /// Append it though earlier seqs are missing, and write down how many.
    pub force: bool,
}

/// What a log keeps. A backbone may keep more, never less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// No log: publications pass by, at most once, without positions.
    None,
    /// The newest entries, as long as they are young.
    Log {
        /// At most so many.
        entries: u32,
        /// At most so many bytes of payload.
        bytes: u64,
        /// At least so long after the last publication.
        age: Duration,
        /// How long a publisher that is idle in the channel is remembered.
        dedup: Duration,
    },
}

impl Retention {
    /// 256 entries, 8 MiB, 5 minutes; publishers are remembered for 10 minutes.
    pub const DEFAULT: Self = Self::Log {
        entries: 256,
        bytes: 8 << 20,
        age: Duration::from_secs(300),
        dedup: Duration::from_secs(600),
    };
}
