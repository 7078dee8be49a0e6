//! What happened in a run, as plain data: the judge needs nothing else.

use std::time::Duration;

use tidewire_protocol::{Position, PublicationId, ResetReason};

use super::Mark;

/// Microseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// The time from an earlier moment to this one; none where that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the run began.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl From<Duration> for Moment {
    fn from(since_the_beginning: Duration) -> Self {
        Self(since_the_beginning.as_micros() as u64)
    }
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What each publisher did in each of its channels.
    pub lanes: Vec<Lane>,
    /// What each subscription of each client saw.
    pub sights: Vec<Sight>,
    /// What was done to the system, in order.
    pub harms: Vec<Harm>,
    /// When the log lost something, in order.
    pub losses: Vec<LogLoss>,
    /// How often a replica became a primary.
    pub promotions: u64,
    /// What of the run itself went wrong, in order.
    pub hitches: Vec<Hitch>,
    /// When the last subscriber stopped looking.
    pub ended: Moment,
}

/// One publisher's publications in one channel; a publication's number is its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Which channel.
    pub channel: u16,
    /// Which publisher.
    pub publisher: u16,
    /// What it published.
    pub sent: Vec<Sent>,
}

/// One publication, as its publisher knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was handed to the client.
    pub at: Moment,
    /// What the client answered.
    pub outcome: Outcome,
}

/// What a client said of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Unanswered,
    /// The log has it.
    Accepted,
    /// It had no effect.
    Refused,
    /// Nobody knows.
    InDoubt,
}

/// What one subscription saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Which client.
    pub subscriber: u16,
    /// Which channel.
    pub channel: u16,
    /// Its events, in order.
    pub events: Vec<(Moment, Seen)>,
}

/// What a subscription told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is live, for the first time or again.
    Live {
        /// It says that it continues where it was.
        recovered: bool,
    },
    /// A publication.
    Got {
        /// Which.
        mark: Mark,
        /// Where it stands.
        position: Position,
        /// What the log calls it.
        id: PublicationId,
    },
    /// Something that nobody published.
    Nonsense,
    /// What came after the last publication is gone.
    Reset(ResetReason),
    /// So many publications of one publisher are missing before this position.
    Missing {
        /// How many.
        count: u64,
        /// Before which publication.
        before: Position,
    },
    /// The subscription is no more, or its events were not taken fast enough.
    Ended,
}

/// A fault that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// Its kind, as tables name it.
    pub kind: &'static str,
    /// To whom, how long.
    pub detail: String,
    /// When it began.
    pub from: Moment,
    /// When it was over; the same where it is one blow.
    pub to: Moment,
    /// Whether another was under way at the same time: then its recovery says nothing of itself.
    pub overlaps: bool,
    /// How long after its end everything must have been delivered.
    pub within: Duration,
}

/// Something that a run could not make or undo, and then put right; no fault of the system's that it tests, or its
/// consequences are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hitch {
    /// When.
    pub at: Moment,
    /// What, and why not.
    pub what: String,
}

/// A moment at which the log that nodes share lost something that it had acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLoss {
    /// When it was lost.
    pub at: Moment,
    /// How much of it.
    pub what: Lost,
}

/// What a log lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Everything: nobody can put back all of it, and a reset is right.
    Everything,
    /// Its latest, which nodes and publishers still have: nobody may notice.
    Latest,
}
