//! How a subscription begins: from the ring, else from the log, else with word that its place is gone.

use std::sync::Arc;

use tidewire_backbone::{Answer, BackboneError, Entry};
use tidewire_protocol::{Position, ResetReason, ServerFrame, Subscribe, Subscribed};

use super::subscriber::{Place, Subscriber};
use super::sweeping::{NOWHERE, Wanted};
use super::{Channel, Stage, State};
use crate::connection::Connection;
use crate::frame::encoded;
use crate::history::{fitting, publication, why_gone};

/// What became of a wish to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// The connection is subscribed, and has been told.
    Yes,
    /// The channel has left the hub meanwhile: ask the hub again.
    ChannelLeft,
}

/// Subscribes a connection and queues the answer, as one step: what arrives later follows it, and nothing else.
///
/// # Errors
/// The backbone could not be asked.
pub(crate) async fn join(
    channel: &Arc<Channel>,
    connection: &Arc<Connection>,
    wish: &Subscribe,
) -> Result<Joined, BackboneError> {
    let begun = channel.reads_begun();
    let offset = wish.since.iter().map(|position| position.offset).min();
    let wanted = Wanted { offset, last: if offset.is_none() { wish.last } else { 0 } };
    let mut search = Search::default();
    loop {
        match channel.answer(connection, wish, &search) {
            Step::Subscribed => return Ok(Joined::Yes),
            Step::ChannelLeft => return Ok(Joined::ChannelLeft),
            Step::FirstVerify => channel.verified(0, wanted).await?,
            Step::Read { after, limit } => {
                let (number, answer) = channel.read(after, limit).await?;
                channel.widen(&answer);
                search.heard(wish, answer, number > begun);
            }
            Step::Verify => {
                channel.verified(channel.verifications_begun(), wanted).await?;
                search = Search { verified: true, ..Search::default() };
            }
        }
    }
}

/// What the log has said so far about the offered positions.
#[derive(Default)]
struct Search {
    /// The log's answer that holds one of the offers, or shows where the last publications begin.
    found: Option<(Position, Arc<Answer>)>,
    /// Why the newest offer is not in the log.
    gone: Option<ResetReason>,
    /// The older offers are not there either.
    exhausted: bool,
    /// The answer that others shared ended before the newest offer.
    fell_short: bool,
    /// The ring was verified since the request came.
    verified: bool,
}

impl Search {
    fn heard(&mut self, wish: &Subscribe, answer: Arc<Answer>, fresh: bool) {
        let held = match wish.since.is_empty() {
            true => Some(answer.run.base),
            false => answer.run.newest_held(&wish.since),
        };
        match (held, newest(&wish.since)) {
            (Some(held), _) => self.found = Some((held, answer)),
            (None, Some(newest))
                if answer.run.tip() != answer.tip && answer.run.tip().offset < newest.offset =>
            {
                self.fell_short = true;
            }
            // A read that began before the request may not know the position yet.
            (None, Some(newest)) if fresh => {
                self.exhausted = self.gone.is_some() || wish.since.len() == 1;
                let gone = why_gone(newest, &answer).unwrap_or(ResetReason::Replaced);
                self.gone.get_or_insert(gone);
            }
            (None, Some(_) | None) => {}
        }
    }
}

/// What a subscription needs next.
enum Step {
    Subscribed,
    ChannelLeft,
    FirstVerify,
    Read { after: u64, limit: usize },
    Verify,
}

impl Channel {
    /// Answers with what the ring and the search have, or says what is needed to answer.
    fn answer(self: &Arc<Self>, connection: &Arc<Connection>, wish: &Subscribe, search: &Search) -> Step {
        let mut state = self.state.lock();
        let ring = match (state.stage, &state.ring) {
            (Stage::Left, _) => return Step::ChannelLeft,
            (Stage::Sweeping | Stage::Settled, Some(ring)) => ring,
            (Stage::Unknown | Stage::Leaving | Stage::Sweeping | Stage::Settled, _) => {
                return Step::FirstVerify;
            }
        };
        let (run, tip) = (ring.run(), ring.run().tip());
        if self.is_ephemeral() {
            self.welcome(&mut state, connection, wish, Begin { position: NOWHERE, ..Begin::at_the_tip(tip) });
            return Step::Subscribed;
        }
        let from = match newest(&wish.since) {
            Some(_) => run.newest_held(&wish.since),
            None => last_of(run.base, run.entries.iter(), wish.last),
        };
        if let Some(from) = from {
            let begin =
                Begin::with(from, run.after(from).into_iter().flatten(), self.scope.limits.replay_bytes);
            self.welcome(&mut state, connection, wish, Begin { position: tip, ..begin });
            return Step::Subscribed;
        }
        if let Some((from, answer)) = &search.found {
            let entries = answer.run.after(*from).into_iter().flatten();
            let begin = Begin::with(*from, entries, self.scope.limits.replay_bytes);
            // The log may have been read after what the ring has.
            let position = if begin.sent.offset > tip.offset { begin.sent } else { tip };
            self.welcome(&mut state, connection, wish, Begin { position, ..begin });
            return Step::Subscribed;
        }
        let all = self.bounds().entries;
        match (newest(&wish.since), search) {
            (None, _) => Step::Read { after: tip.offset.saturating_sub(wish.last), limit: REPLAY_ENTRIES },
            (Some(newest), Search { gone: None, fell_short: false, .. }) => {
                // Who returns from about the same place reads the same.
                let after = newest.offset - newest.offset % REPLAY_ENTRIES as u64;
                Step::Read { after, limit: 2 * REPLAY_ENTRIES }
            }
            (Some(newest), Search { gone: None, fell_short: true, .. }) => {
                Step::Read { after: newest.offset, limit: REPLAY_ENTRIES }
            }
            (Some(_), Search { exhausted: false, .. }) => {
                let oldest = wish.since.iter().map(|position| position.offset).min().unwrap_or(0);
                Step::Read { after: oldest, limit: all }
            }
            // The offers may be what the ring has and a log that went back has not: then verifying finds out.
            (Some(_), Search { verified: false, .. }) => Step::Verify,
            (Some(_), Search { gone: Some(reason), .. }) => {
                metrics::counter!("tidewire_resets_total").increment(1);
                let begin = Begin { from: None, reset: Some(*reason), ..Begin::at_the_tip(tip) };
                self.welcome(&mut state, connection, wish, begin);
                Step::Subscribed
            }
        }
    }

    /// Puts what was read before the ring's first entry in front of it, as far as there is room, for those who
    /// return from there next.
    fn widen(&self, answer: &Answer) {
        if let Some(ring) = &mut self.state.lock().ring {
            ring.widen(&answer.run);
        }
    }

    fn welcome(
        self: &Arc<Self>,
        state: &mut State,
        connection: &Arc<Connection>,
        wish: &Subscribe,
        begin: Begin,
    ) {
        let Begin { position, from, entries, reset, sent } = begin;
        let live = self.is_ephemeral() || state.ring.as_ref().is_some_and(|ring| ring.run().tip() == sent);
        let subscribed = ServerFrame::Subscribed(Subscribed {
            id: wish.id,
            channel: self.name.clone(),
            alias: self.alias,
            position,
            from: if self.is_ephemeral() { None } else { from },
            replay: entries.iter().map(publication).collect(),
            reset,
        });
        connection.outbox.push(encoded(connection.codec(), &subscribed));
        let place = if live { Place::Live } else { Place::behind(sent) };
        state.subscribers.insert(connection.id, Subscriber { connection: connection.clone(), place });
        self.unwatch(connection.id);
        self.enters(connection);
        if !live {
            connection.outbox.lag(self.clone());
        }
        metrics::counter!("tidewire_replayed_total").increment(entries.len() as u64);
    }
}

/// Where a subscription begins, and what it is sent at once.
struct Begin {
    position: Position,
    from: Option<Position>,
    entries: Vec<Entry>,
    reset: Option<ResetReason>,
    sent: Position,
}

impl Begin {
    fn at_the_tip(tip: Position) -> Self {
        Self { position: tip, from: Some(tip), entries: Vec::new(), reset: None, sent: tip }
    }

    fn with<'a>(from: Position, entries: impl Iterator<Item = &'a Entry>, bytes: usize) -> Self {
        let entries: Vec<Entry> = fitting(entries, bytes).cloned().collect();
        let sent = entries.last().map_or(from, |entry| entry.position);
        Self { position: sent, from: Some(from), entries, reset: None, sent }
    }
}

fn newest(offers: &[Position]) -> Option<Position> {
    offers.iter().copied().max_by_key(|position| position.offset)
}

/// The position `last` entries before the tip, if the run reaches so far back, or begins where its log begins.
fn last_of<'a>(
    base: Position,
    entries: impl ExactSizeIterator<Item = &'a Entry>,
    last: u64,
) -> Option<Position> {
    let skip = (entries.len() as u64).checked_sub(last);
    match skip {
        Some(0) => Some(base),
        Some(skip) => entries.skip(skip as usize - 1).map(|entry| entry.position).next(),
        None => (base.offset == 0).then_some(base),
    }
}

/// Entries in one read for a replay.
pub(super) const REPLAY_ENTRIES: usize = 64;
