mod naming;

use tidewire_protocol::{Advice, ChannelName, ClientFrame, Position, Publish, PublisherId, RefusalCode, Seq};

use super::entry::{Entry, State};
use super::freed::Freed;
use super::pace::Pace;
use crate::session::context::Context;
use crate::session::outputs::fits;
use crate::session::requests::Request;
use crate::{Doubt, Event, LinkId, Refusal, Timestamp};

/// One channel's part of the outbox: consecutive seqs of one publisher, oldest first.
///
/// What is acknowledged stays until it is settled, so that it can be sent again where a failover lost it.
#[derive(Debug)]
pub(super) struct Lane {
    publisher: PublisherId,
    /// The seq of the first entry, or of the next one where there is none.
    first: Seq,
    /// A list, because every page downloads this code; the first leave it many at a time.
    entries: Vec<Entry>,
    /// What is sent next.
    next: Seq,
    /// How many sendings of this round wait for their answers.
    flying: usize,
    /// Counts how often sending began anew; answers to earlier rounds no longer steer it.
    round: u32,
    /// How many entries are vacant.
    vacant: usize,
    /// How many of the first entries are done.
    done: usize,
    /// Since this round a seq means what it means now.
    numbered_in: u32,
    pace: Pace,
    last_sent: Timestamp,
    /// The publisher is an earlier session's. The log may have seqs of it that are not here, so none is given to
    /// anything new.
    is_restored: bool,
}

impl Lane {
    pub(super) const fn new(publisher: PublisherId, round: u32, now: Timestamp) -> Self {
        Self {
            publisher,
            first: 1,
            entries: Vec::new(),
            next: 1,
            flying: 0,
            round,
            vacant: 0,
            done: 0,
            numbered_in: round,
            pace: Pace::new(),
            last_sent: now,
            is_restored: false,
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) const fn round(&self) -> u32 {
        self.round
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How long nothing was sent, with nothing left to send.
    pub(super) fn idle_ms(&self, now: Timestamp) -> Option<u64> {
        self.is_empty().then(|| now.ms_since(self.last_sent))
    }

    /// Another link talks: everything is sent again, in order.
    pub(super) fn restart(&mut self, context: &mut Context, channel: &ChannelName) {
        for entry in &mut self.entries {
            match entry.state {
                State::Sent(first) => entry.state = State::Doubtful(first),
                // What was sent after it may still arrive, under the seq that it has.
                State::Vacant => entry.state = State::Gone,
                // So that what is stored does not look older than it is, if it is sent much later.
                State::New if entry.asked > 0 => entry.store(context, channel, None),
                State::New | State::Doubtful(_) | State::Acknowledged { .. } | State::Gone => {}
            }
        }
        self.vacant = 0;
        self.pace = Pace::new();
        self.send_again_from(self.first);
    }

    fn send_again_from(&mut self, seq: Seq) {
        self.next = seq;
        self.flying = 0;
        self.round = self.round.wrapping_add(1);
    }

    /// Sends what may be sent.
    pub(super) fn pump(
        &mut self,
        context: &mut Context,
        link: LinkId,
        channel: &ChannelName,
        (hello, in_flight): (PublisherId, usize),
    ) -> Freed {
        if self.vacant > 0 && self.flying > 0 {
            return Freed::default();
        }
        let mut freed = self.close_up();
        let (window, force) = self.pace.window(context.now, in_flight);
        while self.flying < window {
            let Some(index) = self.index(self.next) else { break };
            let entry = &mut self.entries[index];
            if matches!(entry.state, State::Vacant | State::Gone) {
                self.next += 1;
                continue;
            }
            if !fits(entry.weight(), channel.as_str().len(), &context.terms.limits) {
                let limit = context.terms.limits.message_bytes;
                freed = freed.and(self.take_back(context, index, Refusal::TooLarge { limit }));
                continue;
            }
            if self.is_restored && entry.state == State::New {
                break;
            }
            if context.durable && entry.stored != self.next {
                self.store_from(context, channel, index, window);
                break;
            }
            let now = context.now;
            if entry.state == State::New {
                entry.state = State::Sent(now);
                self.last_sent = now;
            }
            let (seq, payload) = (self.next, entry.payload.clone());
            let request = Request::Publish { channel: channel.clone(), seq, round: self.round };
            let publisher = (self.publisher != hello).then_some(self.publisher);
            context.ask(link, request, |id| {
                ClientFrame::Publish(Publish { id, channel: channel.clone(), seq, payload, force, publisher })
            });
            self.next += 1;
            self.flying += 1;
        }
        freed
    }

    /// The log has it.
    pub(super) fn published(
        &mut self,
        context: &mut Context,
        (seq, round): (Seq, u32),
        position: Option<Position>,
    ) {
        if round == self.round {
            self.flying = self.flying.saturating_sub(1);
            self.pace.succeeded();
        }
        if !self.still_means(round) {
            return;
        }
        let Some(index) = self.index(seq) else { return };
        let entry = &mut self.entries[index];
        if !entry.is_done() {
            context.notify(Event::Published { publish: entry.publish, position });
        }
        entry.acknowledge(context.now);
        self.count_done();
    }

    /// Nothing was accepted, because the log's last seq is this.
    pub(super) fn behind(&mut self, context: &Context, round: u32, last: Seq) {
        if round != self.round {
            return;
        }
        self.flying = self.flying.saturating_sub(1);
        if self.vacant > 0 {
            return;
        }
        let next = last.saturating_add(1);
        match self.index(next).map(|index| self.entries[index].state) {
            Some(State::Gone) => {
                self.pace.lacks_older(context.now);
                self.send_again_from(next);
            }
            Some(
                State::New | State::Sent(_) | State::Doubtful(_) | State::Acknowledged { .. } | State::Vacant,
            ) => {
                self.pace.stepped_back(context.now);
                self.send_again_from(next);
            }
            None => {
                self.pace.lacks_older(context.now);
                self.send_again_from(self.first);
            }
        }
    }

    /// The server does not accept it.
    pub(super) fn refused(
        &mut self,
        context: &mut Context,
        (seq, round): (Seq, u32),
        code: RefusalCode,
        reason: String,
    ) -> Freed {
        if round != self.round {
            return Freed::default();
        }
        self.flying = self.flying.saturating_sub(1);
        // What settled meanwhile needs no answer any more.
        let Some(index) = self.index(seq) else { return Freed::default() };
        match code.advice() {
            Advice::Retry if self.vacant > 0 => Freed::default(),
            Advice::Retry => {
                self.pace.postponed(context, code);
                self.send_again_from(seq);
                Freed::default()
            }
            Advice::Stop => self.take_back(context, index, Refusal::Server { code, reason }),
        }
    }

    /// An entry will not be accepted. Its seq goes to the one after it, unless the log may have it from earlier:
    /// then a later publication with the same seq would be taken for a copy and lost.
    fn take_back(&mut self, context: &mut Context, index: usize, refusal: Refusal) -> Freed {
        let mut freed = Freed::default();
        let entry = &mut self.entries[index];
        let (publish, state) = (entry.publish, entry.state);
        match state {
            // What was never sent has nothing after it that was.
            State::New => {
                freed.add(entry);
                self.entries.remove(index);
                context.notify(Event::PublishRefused { publish, refusal });
            }
            State::Sent(_) => {
                freed.bytes += entry.let_go(State::Vacant);
                self.vacant += 1;
                context.notify(Event::PublishRefused { publish, refusal });
            }
            State::Doubtful(_) => {
                freed.bytes += entry.let_go(State::Gone);
                context.notify(Event::PublishInDoubt { publish, why: Doubt::Refused });
            }
            State::Acknowledged { .. } => freed.bytes += entry.let_go(State::Gone),
            State::Vacant | State::Gone => {}
        }
        self.count_done();
        freed
    }

    /// Gives the seqs of vacant entries to those after them. Nothing that was sent after them is under way: on one
    /// link answers come in order, and on another the same seq must never stand for something else.
    fn close_up(&mut self) -> Freed {
        let mut freed = Freed::default();
        if self.vacant == 0 {
            return freed;
        }
        if let Some(index) = self.entries.iter().position(|entry| entry.state == State::Vacant) {
            self.send_again_from(self.first + index as Seq);
        }
        self.numbered_in = self.round;
        self.entries.retain(|entry| entry.state != State::Vacant);
        freed.entries = self.vacant;
        (self.vacant, self.done) = (0, 0);
        self.count_done();
        freed
    }

    /// Lets go what is settled, gives up what has been in doubt for too long. After that, and where nothing
    /// is left that the log may have and it may soon forget the publisher, the lane goes on under a new name.
    pub(super) fn tick(
        &mut self,
        context: &mut Context,
        new_name: impl FnOnce(&mut Context) -> PublisherId,
    ) -> Freed {
        let (now, dedup) = (context.now, context.terms.dedup_ms());
        let mut settled = 0;
        while self.settles(context, settled) <= now {
            settled += 1;
        }
        let mut freed = self.drop_first(settled);
        let too_old = self.gives_up(context) <= now;
        if too_old {
            freed = freed.and(self.give_up(context, Doubt::TooOld));
        }
        freed = freed.and(self.drop_restored());
        let begins = self.first > 1 && self.entries.first().is_some_and(|entry| entry.state == State::New);
        if too_old || begins && (self.is_restored || now.ms_since(self.last_sent) >= dedup / 2) {
            self.rename(new_name(context));
        }
        freed
    }

    /// Since when the oldest entry is acknowledged, or no longer needed.
    pub(super) fn oldest_acknowledged(&self) -> Timestamp {
        match self.entries.first().map(|entry| entry.state) {
            Some(State::Acknowledged { at, .. }) => at,
            Some(State::Gone) => self.last_sent,
            Some(State::New | State::Sent(_) | State::Doubtful(_) | State::Vacant) | None => Timestamp::NEVER,
        }
    }

    /// Reports everything that was sent and not acknowledged as in doubt. What was never sent remains.
    fn give_up(&mut self, context: &mut Context, why: Doubt) -> Freed {
        let mut sent = 0;
        for entry in &self.entries {
            match entry.state {
                State::New => break,
                State::Vacant => self.vacant -= 1,
                State::Acknowledged { .. } | State::Gone => {}
                State::Sent(_) | State::Doubtful(_) => {
                    context.notify(Event::PublishInDoubt { publish: entry.publish, why });
                }
            }
            sent += 1;
        }
        self.drop_first(sent)
    }

    /// The session ends: nothing that is left will be sent.
    pub(super) fn end(&mut self, context: &mut Context) {
        self.give_up(context, Doubt::Ended);
        for entry in &self.entries {
            context.notify(Event::PublishRefused { publish: entry.publish, refusal: Refusal::Ended });
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn deadline(&self, context: &Context, talker: Option<LinkId>) -> Timestamp {
        let again = if talker.is_some() { self.pace.deadline() } else { Timestamp::NEVER };
        self.settles(context, 0).min(self.gives_up(context)).min(again)
    }

    /// When an entry may leave.
    fn settles(&self, context: &Context, index: usize) -> Timestamp {
        let (settle, memory) = (context.terms.settle_ms(), memory(context.terms.dedup_ms()));
        self.entries.get(index).map_or(Timestamp::NEVER, |entry| entry.settles(settle, memory))
    }

    /// When the oldest entry of which nobody knows what became of it is too old to be sent again. What was restored
    /// waits for the server to say how long it remembers.
    fn gives_up(&self, context: &Context) -> Timestamp {
        let doubtful = self.entries.get(self.done).filter(|_| context.terms.known);
        let memory = memory(context.terms.dedup_ms());
        doubtful.map_or(Timestamp::NEVER, |entry| entry.in_doubt_since().after_ms(memory))
    }

    fn count_done(&mut self) {
        while self.entries.get(self.done).is_some_and(Entry::is_done) {
            self.done += 1;
        }
    }

    fn still_means(&self, round: u32) -> bool {
        self.round.wrapping_sub(round) <= self.round.wrapping_sub(self.numbered_in)
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        (index < self.entries.len()).then_some(index)
    }

    pub(super) fn drop_first(&mut self, count: usize) -> Freed {
        let mut freed = Freed::default();
        self.entries.drain(..count).for_each(|entry| freed.add(&entry));
        self.first += count as Seq;
        self.next = self.next.max(self.first);
        self.done = self.done.saturating_sub(count);
        freed
    }
}

/// For how long something may be sent again: not quite the de-duplication window, because it also takes time to
/// arrive.
const fn memory(dedup_ms: u64) -> u64 {
    dedup_ms / 4 * 3
}
