use tidewire_protocol::{
    ChannelName, ClientFrame, Ephemeral, HistoryPage, Position, Publication, RefusalCode, RequestId,
    ResetReason, Subscribe, Subscribed, Unsubscribe, UnsubscribeCode,
};

use super::catch_up::{CatchUp, Progress, Wish};
use super::held::Held;
use super::member::{Age, Member, Stage};
use crate::session::context::Context;
use crate::session::requests::Request;
use crate::session::rests::Rests;
use crate::session::table::Table;
use crate::{Event, LinkId, Refusal, SubscriptionId, Timestamp};

/// One channel on the wire, for all subscriptions that the application has of it.
#[derive(Debug)]
pub(super) struct Channel {
    name: ChannelName,
    members: Vec<Member>,
    place: Place,
    /// Ids that were seen after the position from which the log goes on; each is dropped once when it comes again.
    seen: Table<u32, ()>,
    asked: Option<(LinkId, RequestId)>,
    /// The link that answered last: it alone speaks for the channel.
    speaker: Option<LinkId>,
    /// What comes up to here was missed.
    replaying_to: Option<Position>,
    /// When a refused request is tried again.
    retry: Timestamp,
    refusals: u32,
}

/// Where the channel is in its log.
#[derive(Debug)]
enum Place {
    /// It never was live.
    New { last: u64 },
    /// After these positions.
    In(Held),
    /// There is no log.
    Ephemeral,
}

/// What a publication turned out to be.
#[derive(Debug)]
pub(super) enum Taken {
    /// It was not seen before.
    Fresh(Publication),
    /// It came again after the log went back.
    Seen { position: Position, missing: u64 },
}

/// Whether the link may have a subscription of the channel already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    First,
    Again,
}

/// More ids than this to be dropped, and the channel gives up its place.
const MOST_SEEN: usize = 4096;
const RESTS: Rests = Rests { while_away_ms: (200, 2_000), otherwise_ms: (1_000, 30_000) };

impl Channel {
    pub(super) fn new(name: ChannelName, first: SubscriptionId, last: u64, since: Option<Position>) -> Self {
        Self {
            name,
            members: vec![Member { id: first, stage: Stage::Following }],
            place: since.map_or(Place::New { last }, |since| Place::In(Held::at(since))),
            seen: Table::new(),
            asked: None,
            speaker: None,
            replaying_to: None,
            retry: Timestamp::NEVER,
            refusals: 0,
        }
    }

    /// Another subscription joins.
    pub(super) fn join(
        &mut self,
        context: &mut Context,
        talker: Option<LinkId>,
        subscription: SubscriptionId,
        wish: Wish,
    ) {
        let mut member = Member { id: subscription, stage: Stage::Joining(wish) };
        if self.speaker.is_some() {
            let tip = self.replaying_to.or_else(|| self.tip());
            self.begin(context, talker, &mut member, tip);
        }
        self.members.push(member);
    }

    /// A subscription leaves. Says whether it was the last.
    pub(super) fn leave(&mut self, subscription: SubscriptionId) -> bool {
        if let Some(index) = self.members.iter().position(|member| member.id == subscription) {
            self.members.remove(index);
        }
        self.members.is_empty()
    }

    /// Asks for the channel on a link.
    pub(super) fn ask(&mut self, context: &mut Context, link: LinkId, standing: Standing) {
        self.retry = Timestamp::NEVER;
        if standing == Standing::Again {
            self.unsubscribe(context, link);
        }
        let (since, last) = match &self.place {
            Place::New { last } => (Vec::new(), *last),
            Place::In(held) => (held.offers(), 0),
            Place::Ephemeral => (Vec::new(), 0),
        };
        let id = context.ask(link, Request::Subscribe(self.name.clone()), |id| {
            ClientFrame::Subscribe(Subscribe { id, channel: self.name.clone(), since, last })
        });
        self.asked = Some((link, id));
    }

    /// Tells a link that the channel is no longer wanted on it.
    pub(super) fn unsubscribe(&self, context: &mut Context, link: LinkId) {
        context.ask(link, Request::Unsubscribe, |id| {
            ClientFrame::Unsubscribe(Unsubscribe { id, channel: self.name.clone() })
        });
    }

    pub(super) fn is_asked_or_spoken(&self, link: LinkId) -> bool {
        self.speaker == Some(link) || self.asked.is_some_and(|(asked, _)| asked == link)
    }

    pub(super) const fn speaker(&self) -> Option<LinkId> {
        self.speaker
    }

    /// Whether an answer is awaited.
    pub(super) const fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// A link is lost: what was asked there is not answered, and it speaks no more.
    pub(super) fn lost(&mut self, link: LinkId) {
        if self.speaker == Some(link) {
            self.speaker = None;
        }
        if self.asked.is_some_and(|(asked, _)| asked == link) {
            self.asked = None;
        }
    }

    /// Whether this is the answer that the channel waits for.
    pub(super) fn awaits(&self, link: LinkId, id: RequestId) -> bool {
        self.asked == Some((link, id))
    }

    /// The subscription is live on this link from now on, unless this answers an earlier question.
    pub(super) fn subscribed(&mut self, context: &mut Context, link: LinkId, answer: Subscribed) {
        if !self.awaits(link, answer.id) {
            return;
        }
        let mut recovered = false;
        match (answer.reset, answer.from, &mut self.place) {
            (Some(reason), _, _) => self.reset(context, answer.position, reason),
            (None, None, _) => self.place = Place::Ephemeral,
            (None, Some(from), Place::In(held)) => {
                if !held.rewind(from, &mut self.seen) {
                    // Another link rewound the channel meanwhile, to before the position from which this one would
                    // go on: ask again, with what is held now.
                    self.ask(context, link, Standing::Again);
                    return;
                }
                recovered = self.went_back(context, from);
            }
            (None, Some(from), Place::New { .. } | Place::Ephemeral) => {
                self.place = Place::In(Held::at(from))
            }
        }
        self.speaker = Some(link);
        self.asked = None;
        self.refusals = 0;
        self.replaying_to = None;
        let position = matches!(self.place, Place::In(_)).then_some(answer.position);
        let fresh = answer.replay.iter().filter(|one| !self.seen.contains(&one.id.0)).count();
        for member in &self.members {
            if matches!(member.stage, Stage::Following) {
                context.notify(Event::Subscribed {
                    subscription: member.id,
                    position,
                    replayed: u32::try_from(fresh).unwrap_or(u32::MAX),
                    recovered,
                });
            }
        }
        self.replay(context, answer.replay);
        self.replaying_to = position.filter(|_| position != self.tip());
        let mut members = std::mem::take(&mut self.members);
        for member in &mut members {
            match &mut member.stage {
                Stage::Joining(_) => self.begin(context, Some(link), member, position),
                Stage::CatchingUp(catch_up) => catch_up.ask(context, link, &self.name, member.id),
                Stage::After(_) | Stage::Following => {}
            }
        }
        self.members = members;
    }

    /// What came with the answer.
    fn replay(&mut self, context: &mut Context, publications: Vec<Publication>) {
        let mut fresh = Vec::with_capacity(publications.len());
        for publication in publications {
            match self.take_in(publication) {
                Taken::Fresh(publication) => fresh.push(publication),
                Taken::Seen { position, missing } => {
                    self.deliver(context, std::mem::take(&mut fresh), Age::Replayed);
                    self.skip(context, position, missing);
                }
            }
        }
        self.deliver(context, fresh, Age::Replayed);
    }

    /// A joining member begins; the channel is live and its own publications count after `position`.
    fn begin(
        &self,
        context: &mut Context,
        talker: Option<LinkId>,
        member: &mut Member,
        position: Option<Position>,
    ) {
        let wish = match &member.stage {
            Stage::Joining(wish) => *wish,
            Stage::After(_) | Stage::CatchingUp(_) | Stage::Following => return,
        };
        let tip = self.tip();
        let Some(until) = position.filter(|_| tip.is_some()) else {
            // No log: nothing to catch up with.
            member.stage = Stage::Following;
            context.notify(subscribed_now(member.id, None));
            return;
        };
        if wish == Wish::Now || wish == Wish::Since(until) {
            member.stage = if tip == Some(until) { Stage::Following } else { Stage::After(until) };
            context.notify(subscribed_now(member.id, position));
            return;
        }
        let mut catch_up = CatchUp::new(wish, until, tip);
        if let Some(link) = talker {
            catch_up.ask(context, link, &self.name, member.id);
        }
        member.stage = Stage::CatchingUp(catch_up);
    }

    /// A page for a member that catches up.
    pub(super) fn page(
        &mut self,
        context: &mut Context,
        link: LinkId,
        subscription: SubscriptionId,
        page: HistoryPage,
    ) {
        let position = page.position;
        let Some(member) = self.members.iter_mut().find(|member| member.id == subscription) else { return };
        if let Stage::CatchingUp(catch_up) = &mut member.stage {
            match catch_up.page(page) {
                Progress::Unfinished => {
                    catch_up.ask(context, link, &self.name, subscription);
                }
                Progress::Done => member.caught_up(context, Some(position)),
            }
        }
    }

    /// No page for a member that catches up.
    pub(super) fn page_refused(&mut self, context: &mut Context, subscription: SubscriptionId) {
        let position = self.tip();
        let Some(member) = self.members.iter_mut().find(|member| member.id == subscription) else { return };
        if let Stage::CatchingUp(catch_up) = &mut member.stage {
            catch_up.give_up();
            member.caught_up(context, position);
        }
    }

    /// The link that should answer a member's question is lost; it is asked again now, or when the channel is live.
    pub(super) fn catch_up_lost(
        &mut self,
        context: &mut Context,
        talker: Option<LinkId>,
        subscription: SubscriptionId,
    ) {
        let talker = talker.filter(|&link| self.speaker == Some(link));
        let Some(member) = self.members.iter_mut().find(|member| member.id == subscription) else { return };
        if let Stage::CatchingUp(catch_up) = &mut member.stage {
            catch_up.lost();
            if let Some(link) = talker {
                catch_up.ask(context, link, &self.name, subscription);
            }
        }
    }

    /// Notes a publication from the link that speaks, and says how old it is to be taken for.
    pub(super) fn publication(&mut self, publication: Publication) -> (Taken, Age) {
        let age = if self.replaying_to.is_some() { Age::Replayed } else { Age::Live };
        if self.replaying_to.is_some_and(|position| publication.position.offset >= position.offset) {
            self.replaying_to = None;
        }
        (self.take_in(publication), age)
    }

    fn take_in(&mut self, publication: Publication) -> Taken {
        if let Place::In(held) = &mut self.place {
            held.push(publication.position, publication.id);
        }
        if self.seen.remove(&publication.id.0).is_some() {
            Taken::Seen { position: publication.position, missing: publication.missing }
        } else {
            Taken::Fresh(publication)
        }
    }

    /// A publication came again; all that came before it is delivered.
    pub(super) fn skip(&mut self, context: &mut Context, position: Position, missing: u64) {
        for member in &mut self.members {
            member.skip(context, position, missing);
        }
    }

    pub(super) fn deliver(&mut self, context: &mut Context, publications: Vec<Publication>, age: Age) {
        if publications.is_empty() {
            return;
        }
        let Some((last, others)) = self.members.split_last_mut() else { return };
        for member in others {
            member.deliver(context, publications.clone(), age);
        }
        last.deliver(context, publications, age);
    }

    pub(super) fn ephemeral(&self, context: &mut Context, frame: &Ephemeral) {
        for member in &self.members {
            context.notify(Event::Ephemeral {
                subscription: member.id,
                payload: frame.payload.clone(),
                user: frame.user.clone(),
            });
        }
    }

    /// The log went back.
    pub(super) fn rewound(&mut self, context: &mut Context, position: Position) {
        let is_held = match &mut self.place {
            Place::In(held) => held.rewind(position, &mut self.seen),
            Place::New { .. } | Place::Ephemeral => false,
        };
        self.replaying_to = None;
        if is_held {
            self.went_back(context, position);
        } else {
            self.reset(context, position, ResetReason::RolledBack);
        }
    }

    /// The log goes on from a position that is held; what was seen after it is dropped when it comes again. Says
    /// whether all is well.
    fn went_back(&mut self, context: &mut Context, position: Position) -> bool {
        if self.seen.len() > MOST_SEEN {
            self.reset(context, position, ResetReason::RolledBack);
            return false;
        }
        for member in &mut self.members {
            member.went_back();
        }
        true
    }

    /// The place is gone; the subscription goes on from another.
    pub(super) fn reset(&mut self, context: &mut Context, position: Position, reason: ResetReason) {
        self.place = Place::In(Held::at(position));
        self.seen.clear();
        self.replaying_to = None;
        for member in &mut self.members {
            member.reset(context, reason);
        }
    }

    /// The subscribe request is refused for now, because of this: it is tried again later.
    pub(super) fn postpone(&mut self, context: &mut Context, why: RefusalCode) {
        self.asked = None;
        self.retry = context.rest(&RESTS, why, self.refusals);
        self.refusals = self.refusals.saturating_add(1);
    }

    pub(super) const fn retry(&self) -> Timestamp {
        self.retry
    }

    pub(super) fn refuse(&self, context: &mut Context, refusal: &Refusal) {
        for member in &self.members {
            context.notify(Event::SubscribeRefused { subscription: member.id, refusal: refusal.clone() });
        }
    }

    pub(super) fn end(&self, context: &mut Context, code: UnsubscribeCode) {
        for member in &self.members {
            context.notify(Event::Unsubscribed { subscription: member.id, code });
        }
    }

    pub(super) fn members(&self) -> impl Iterator<Item = SubscriptionId> {
        self.members.iter().map(|member| member.id)
    }

    fn tip(&self) -> Option<Position> {
        match &self.place {
            Place::In(held) => held.tip(),
            Place::New { .. } | Place::Ephemeral => None,
        }
    }
}

fn subscribed_now(subscription: SubscriptionId, position: Option<Position>) -> Event {
    Event::Subscribed { subscription, position, replayed: 0, recovered: false }
}
