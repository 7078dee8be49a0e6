//! How a subscription that fell behind goes on, once its socket has drained: from the ring, else from the log.

use std::sync::Arc;

use tidewire_backbone::{Answer, BackboneError, Entry};
use tidewire_protocol::{Position, Reset, ResetReason, Rewound, ServerFrame};

use super::joining::REPLAY_ENTRIES;
use super::subscriber::{News, Place};
use super::sweeping::Wanted;
use super::{Channel, Stage};
use crate::connection::Connection;
use crate::frame::encoded;
use crate::history::{publication, why_gone};
use crate::outbox::{Offered, Outbox};

/// Queues what a connection has missed of a channel, until it is live again or its outbox is full. Then the
/// outbox has the channel among the lagging ones, for the next time it drains.
///
/// # Errors
/// The backbone could not be asked; try again later.
pub(crate) async fn catch_up(channel: &Arc<Channel>, connection: &Connection) -> Result<(), BackboneError> {
    channel.make_up(connection);
    let begun = channel.reads_begun();
    let mut evidence = Evidence::None;
    loop {
        match channel.go_on(connection, &evidence) {
            Step::Done => return Ok(()),
            Step::FirstVerify => channel.verified(0, Wanted::default()).await?,
            Step::Read(after) => {
                let verified = evidence.verified();
                let (number, answer) = channel.read(after, REPLAY_ENTRIES).await?;
                evidence = Evidence::Log { answer, fresh: number > begun, verified };
            }
            Step::Verify => {
                channel.verified(channel.verifications_begun(), Wanted::default()).await?;
                evidence = Evidence::Verified;
            }
        }
    }
}

/// What is known beside the ring.
enum Evidence {
    None,
    Verified,
    Log { answer: Arc<Answer>, fresh: bool, verified: bool },
}

impl Evidence {
    fn verified(&self) -> bool {
        match self {
            Self::None => false,
            Self::Verified => true,
            Self::Log { verified, .. } => *verified,
        }
    }
}

enum Step {
    Done,
    FirstVerify,
    Read(u64),
    Verify,
}

impl Channel {
    fn go_on(self: &Arc<Self>, connection: &Connection, evidence: &Evidence) -> Step {
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(subscriber) = state.subscribers.get_mut(&connection.id) else { return Step::Done };
        let Place::Behind { mut sent, news } = subscriber.place else { return Step::Done };
        let ring = match (state.stage, &state.ring) {
            (Stage::Sweeping | Stage::Settled, Some(ring)) => ring.run(),
            (Stage::Unknown | Stage::Leaving | Stage::Sweeping | Stage::Settled, _) => {
                return Step::FirstVerify;
            }
            (Stage::Left, _) => return Step::Done,
        };
        if let Some(news) = news {
            self.tell(connection, news, sent);
            subscriber.place = Place::behind(sent);
        }
        if let Evidence::Log { answer, .. } = evidence
            && !ring.holds(sent)
            && let Some(entries) = answer.run.after(sent)
        {
            sent = self.queue(connection, sent, entries);
        }
        if let Some(entries) = ring.after(sent) {
            sent = self.queue(connection, sent, entries);
            if sent == ring.tip() {
                subscriber.place = Place::Live;
                return Step::Done;
            }
        }
        let moved = subscriber.place != Place::behind(sent);
        subscriber.place = Place::behind(sent);
        if moved || ring.holds(sent) {
            connection.outbox.lag(self.clone());
            return Step::Done;
        }
        match evidence {
            Evidence::None | Evidence::Verified | Evidence::Log { fresh: false, .. } => {
                Step::Read(sent.offset)
            }
            // The log is ahead of the ring.
            Evidence::Log { answer, .. } if answer.run.holds(sent) => Step::Verify,
            Evidence::Log { verified: false, .. } => Step::Verify,
            Evidence::Log { answer, .. } => {
                metrics::counter!("tidewire_resets_total").increment(1);
                let reason = why_gone(sent, answer).unwrap_or(ResetReason::RolledBack);
                self.tell(connection, News::Reset(reason), ring.tip());
                subscriber.place = Place::Live;
                Step::Done
            }
        }
    }

    fn tell(&self, connection: &Connection, news: News, position: Position) {
        let alias = self.alias;
        connection.say(&match news {
            News::Rewound => ServerFrame::Rewound(Rewound { alias, position }),
            News::Reset(reason) => ServerFrame::Reset(Reset { alias, position, reason }),
        });
    }

    /// Queues entries while there is room; answers with the position last queued.
    fn queue<'a>(
        &self,
        connection: &Connection,
        mut sent: Position,
        entries: impl Iterator<Item = &'a Entry>,
    ) -> Position {
        let outbox: &Outbox = &connection.outbox;
        for entry in entries {
            let frame = ServerFrame::Publication(publication(entry).delivered_as(self.alias));
            if outbox.offer(&encoded(connection.codec(), &frame)) == Offered::Full {
                break;
            }
            sent = entry.position;
        }
        sent
    }
}
