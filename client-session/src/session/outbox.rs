mod entry;
mod freed;
mod lane;
mod pace;

use tidewire_protocol::{ChannelName, Payload, PayloadBytes, Position, PublisherId, RefusalCode, Seq};

use self::entry::{Entry, State};
use self::freed::Freed;
use self::lane::Lane;
use super::context::Context;
use super::table::Table;
use crate::{Doubt, Event, LinkId, OutboxLimits, PublishId, PublishName, Refusal, Timestamp};

/// What the application published and the log may not have for ever yet.
///
/// A publication leaves when it is settled: acknowledged, and a settle window old. Bounded in entries and bytes:
/// what is acknowledged makes room, oldest first; when nothing is, a publish is refused.
#[derive(Debug)]
pub(super) struct Outbox {
    limits: OutboxLimits,
    in_flight: usize,
    /// Who publishes in channels that have no lane yet.
    publisher: PublisherId,
    lanes: Table<ChannelName, Lane>,
    /// In which round a new lane begins: a late answer to one of before must not be taken for one of its own.
    round: u32,
    entries: usize,
    bytes: usize,
}

impl Outbox {
    pub(super) const fn new(publisher: PublisherId, limits: OutboxLimits, in_flight: usize) -> Self {
        Self { limits, in_flight, publisher, lanes: Table::new(), round: 0, entries: 0, bytes: 0 }
    }

    /// Who publishes, for hello.
    pub(super) const fn publisher(&self) -> PublisherId {
        self.publisher
    }

    pub(super) fn add(
        &mut self,
        context: &mut Context,
        publish: PublishId,
        channel: ChannelName,
        payload: Payload,
    ) {
        let bytes = payload.bytes().len();
        if !self.make_room(bytes) {
            context.notify(Event::PublishRefused { publish, refusal: Refusal::Overflow });
            return;
        }
        self.retire_idle(context);
        let mut entry = Entry::new(publish, payload);
        if context.durable {
            entry.store(context, &channel, None);
        }
        let (publisher, round) = (self.publisher, self.round);
        self.lanes.get_or_insert_with(channel, || Lane::new(publisher, round, context.now)).push(entry);
        self.entries += 1;
        self.bytes += bytes;
    }

    /// The driver has stored it as this.
    pub(super) fn stored(&mut self, publish: PublishId, name: PublishName) {
        for lane in self.lanes.values_mut() {
            lane.stored(publish, name);
        }
    }

    /// Takes back what an earlier session may have sent. That had room for it, so there is room here.
    pub(super) fn restore(
        &mut self,
        context: &mut Context,
        publish: PublishId,
        channel: ChannelName,
        payload: Payload,
        (name, first): (PublishName, Timestamp),
    ) {
        let lane = self.lanes.get_or_insert_with(channel.clone(), || Lane::new(name.publisher, 0, first));
        match lane.missing_before(name).filter(|missing| *missing <= self.limits.entries) {
            // Only what was never sent loses its name to a lane's new one.
            _ if !lane.knows(name) => self.add(context, publish, channel, payload),
            Some(missing) => {
                for _ in 0..missing {
                    lane.push(Entry {
                        state: State::Gone,
                        ..Entry::new(publish, Payload::Binary(PayloadBytes::new()))
                    });
                }
                self.entries += missing + 1;
                self.bytes += payload.bytes().len();
                let (state, asked, stored) = (State::Doubtful(first), name.seq, name.seq);
                lane.push(Entry { publish, payload, state, asked, stored });
            }
            None => context.notify(Event::PublishInDoubt { publish, why: Doubt::TooOld }),
        }
    }

    fn make_room(&mut self, bytes: usize) -> bool {
        while self.entries >= self.limits.entries || self.bytes + bytes > self.limits.bytes {
            let oldest = Timestamp::soonest(self.lanes.values().map(Lane::oldest_acknowledged));
            let holder = self.lanes.values_mut().find(|lane| lane.oldest_acknowledged() == oldest);
            let Some(lane) = holder.filter(|_| oldest < Timestamp::NEVER) else { return false };
            let freed = lane.drop_first(1);
            self.free(freed);
        }
        true
    }

    /// A log may have forgotten a publisher that was idle in its channel for the de-duplication window. After half
    /// of it the lane goes, and the next one has a name that no log knows.
    fn retire_idle(&mut self, context: &mut Context) {
        let half = context.terms.dedup_ms() / 2;
        let idle =
            self.lanes.take(&mut |(_, lane)| lane.idle_ms(context.now).is_some_and(|idle| idle >= half));
        for lane in idle.values() {
            self.round = self.round.max(lane.round() + 1);
        }
        if idle.len() > 0 {
            self.publisher = PublisherId(context.random.next());
        }
    }

    /// Another link talks: everything is sent again.
    pub(super) fn restart(&mut self, context: &mut Context) {
        for (channel, lane) in self.lanes.iter_mut() {
            lane.restart(context, channel);
        }
    }

    /// Sends what may be sent. `hello` is the publisher that the link's hello named.
    pub(super) fn pump(&mut self, context: &mut Context, link: LinkId, hello: PublisherId) {
        let mut freed = Freed::default();
        for (channel, lane) in self.lanes.iter_mut() {
            let one = lane.pump(context, link, channel, (hello, self.in_flight));
            freed = freed.and(one);
        }
        self.free(freed);
    }

    pub(super) fn published(
        &mut self,
        context: &mut Context,
        channel: &ChannelName,
        sending: (Seq, u32),
        position: Option<Position>,
    ) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.published(context, sending, position);
        }
    }

    pub(super) fn behind(&mut self, context: &Context, channel: &ChannelName, round: u32, last: Seq) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.behind(context, round, last);
        }
    }

    pub(super) fn refused(
        &mut self,
        context: &mut Context,
        channel: &ChannelName,
        sending: (Seq, u32),
        (code, reason): (RefusalCode, String),
    ) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            let freed = lane.refused(context, sending, code, reason);
            self.free(freed);
        }
    }

    /// Takes out what was published, before anything was known of the server, in namespaces that keep no log.
    pub(super) fn take_ephemeral(&mut self, context: &Context) -> Vec<(ChannelName, PublishId, Payload)> {
        let mut taken = Vec::new();
        let mut freed = Freed::default();
        let mut lanes = self.lanes.take(&mut |(channel, _)| context.terms.is_ephemeral(channel));
        for (channel, lane) in lanes.iter_mut() {
            for entry in lane.entries() {
                freed.add(entry);
                if !entry.is_done() {
                    taken.push((channel.clone(), entry.publish, entry.payload.clone()));
                }
            }
        }
        self.free(freed);
        taken
    }

    /// When something settles or is given up, or, where there is a link, is sent again.
    pub(super) fn deadline(&self, context: &Context, talker: Option<LinkId>) -> Timestamp {
        Timestamp::soonest(self.lanes.values().map(|lane| lane.deadline(context, talker)))
    }

    pub(super) fn tick(&mut self, context: &mut Context) {
        let mut freed = Freed::default();
        let publisher = &mut self.publisher;
        for lane in self.lanes.values_mut() {
            let one = lane.tick(context, |context| {
                *publisher = PublisherId(context.random.next());
                *publisher
            });
            freed = freed.and(one);
        }
        self.free(freed);
    }

    /// The session ends. Whoever publishes later has a new name.
    pub(super) fn end(&mut self, context: &mut Context) {
        for lane in self.lanes.values_mut() {
            lane.end(context);
        }
        self.lanes.clear();
        (self.entries, self.bytes) = (0, 0);
        self.publisher = PublisherId(context.random.next());
    }

    const fn free(&mut self, freed: Freed) {
        self.entries -= freed.entries;
        self.bytes -= freed.bytes;
    }
}
