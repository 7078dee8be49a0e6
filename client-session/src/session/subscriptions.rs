mod catch_up;
mod channel;
mod held;
mod member;

use tidewire_protocol::{
    Advice, ChannelName, Delivery, Ephemeral, HistoryPage, Position, Publication, RefusalCode, RequestId,
    Reset, Rewound, Subscribed, Unsubscribed,
};

use self::catch_up::Wish;
use self::channel::{Channel, Standing, Taken};
use self::member::Age;
use super::context::Context;
use super::link::Link;
use super::table::Table;
use crate::{LinkId, Refusal, SubscriptionId, Timestamp};

/// What the application is subscribed to.
///
/// The first subscription of a channel decides where the channel begins on the wire. A later one begins at the tip;
/// what it wishes from before it gets by questions for the log, joined without gap or double.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    channels: Table<ChannelName, Channel>,
    by_id: Table<SubscriptionId, ChannelName>,
    batch: Option<Batch>,
}

/// Publications of one channel that came one after the other in a message.
#[derive(Debug)]
struct Batch {
    channel: ChannelName,
    age: Age,
    publications: Vec<Publication>,
}

impl Subscriptions {
    pub(super) fn add(
        &mut self,
        context: &mut Context,
        talker: Option<LinkId>,
        subscription: SubscriptionId,
        (name, last, since): (ChannelName, u64, Option<Position>),
    ) {
        self.by_id.insert(subscription, name.clone());
        if let Some(channel) = self.channels.get_mut(&name) {
            channel.join(context, talker, subscription, Wish::of(last, since));
            return;
        }
        let mut channel = Channel::new(name.clone(), subscription, last, since);
        if let Some(link) = talker {
            channel.ask(context, link, Standing::First);
        }
        self.channels.insert(name, channel);
    }

    pub(super) fn remove(
        &mut self,
        context: &mut Context,
        talker: Option<LinkId>,
        subscription: SubscriptionId,
    ) {
        let Some(name) = self.by_id.remove(&subscription) else { return };
        let Some(channel) = self.channels.get_mut(&name) else { return };
        if channel.leave(subscription) {
            if let Some(link) = talker.filter(|&link| channel.is_asked_or_spoken(link)) {
                channel.unsubscribe(context, link);
            }
            self.channels.remove(&name);
        }
    }

    /// Asks for all channels on a link that was just opened.
    pub(super) fn ask_all(&mut self, context: &mut Context, link: LinkId) {
        for channel in self.channels.values_mut() {
            channel.ask(context, link, Standing::First);
        }
    }

    /// An older link takes over again: asks there for what it does not speak for.
    pub(super) fn fall_back_to(&mut self, context: &mut Context, link: LinkId) {
        for channel in self.channels.values_mut().filter(|channel| !channel.is_asked_or_spoken(link)) {
            channel.ask(context, link, Standing::Again);
        }
    }

    /// Whether a link still speaks for a channel for which another is asked, or has yet to answer.
    pub(super) fn need(&self, elder: LinkId) -> bool {
        self.channels.values().any(|channel| channel.speaker() == Some(elder) || channel.is_asked())
    }

    pub(super) fn lost(&mut self, link: LinkId) {
        for channel in self.channels.values_mut() {
            channel.lost(link);
        }
    }

    pub(super) fn subscribed(
        &mut self,
        context: &mut Context,
        link: &mut Link,
        name: &ChannelName,
        answer: Subscribed,
    ) {
        link.aliases.insert(answer.alias, name.clone());
        if let Some(channel) = self.channels.get_mut(name) {
            channel.subscribed(context, link.id, answer);
        }
    }

    pub(super) fn refused(
        &mut self,
        context: &mut Context,
        link: LinkId,
        name: &ChannelName,
        (id, code, reason): (RequestId, RefusalCode, String),
    ) {
        let Some(channel) = self.channels.get_mut(name).filter(|channel| channel.awaits(link, id)) else {
            return;
        };
        match code.advice() {
            Advice::Retry => channel.postpone(context, code),
            Advice::Stop => {
                if let Some(channel) = self.forget(name) {
                    channel.refuse(context, &Refusal::Server { code, reason });
                }
            }
        }
    }

    /// A publication; it waits for others of its channel until [`Self::flush`].
    pub(super) fn publication(&mut self, context: &mut Context, link: &Link, delivery: Delivery) {
        let (alias, publication) = delivery.into_parts();
        let Some(name) = link.aliases.get(&alias) else { return };
        if self.batch.as_ref().is_some_and(|batch| batch.channel != *name) {
            self.flush(context);
        }
        let Some(channel) = self.channels.get_mut(name).filter(|channel| channel.speaker() == Some(link.id))
        else {
            return;
        };
        let (taken, age) = channel.publication(publication);
        match (taken, &mut self.batch) {
            (Taken::Fresh(publication), Some(batch)) if batch.age == age => {
                batch.publications.push(publication)
            }
            (Taken::Fresh(publication), Some(_) | None) => {
                self.flush(context);
                self.batch = Some(Batch { channel: name.clone(), age, publications: vec![publication] });
            }
            (Taken::Seen { position, missing }, _) => {
                let name = name.clone();
                self.flush(context);
                if let Some(channel) = self.channels.get_mut(&name) {
                    channel.skip(context, position, missing);
                }
            }
        }
    }

    /// Hands on the publications that wait.
    pub(super) fn flush(&mut self, context: &mut Context) {
        if let Some(Batch { channel, age, publications }) = self.batch.take()
            && let Some(channel) = self.channels.get_mut(&channel)
        {
            channel.deliver(context, publications, age);
        }
    }

    pub(super) fn ephemeral(&mut self, context: &mut Context, link: &Link, frame: &Ephemeral) {
        if let Some(channel) = self.spoken(link, frame.alias) {
            channel.ephemeral(context, frame);
        }
    }

    pub(super) fn rewound(&mut self, context: &mut Context, link: &Link, frame: Rewound) {
        if let Some(channel) = self.spoken(link, frame.alias) {
            channel.rewound(context, frame.position);
        }
    }

    pub(super) fn reset(&mut self, context: &mut Context, link: &Link, frame: Reset) {
        if let Some(channel) = self.spoken(link, frame.alias) {
            channel.reset(context, frame.position, frame.reason);
        }
    }

    /// The server ended a subscription; an answer to our own request ends nothing that still is.
    pub(super) fn unsubscribed(&mut self, context: &mut Context, link: &Link, frame: &Unsubscribed) {
        let Some(name) = link.aliases.get(&frame.alias).filter(|_| frame.id.is_none()) else { return };
        if self.spoken(link, frame.alias).is_some()
            && let Some(channel) = self.forget(name)
        {
            channel.end(context, frame.code);
        }
    }

    pub(super) fn page(
        &mut self,
        context: &mut Context,
        link: LinkId,
        (name, subscription): (&ChannelName, SubscriptionId),
        page: HistoryPage,
    ) {
        if let Some(channel) = self.channels.get_mut(name) {
            channel.page(context, link, subscription, page);
        }
    }

    pub(super) fn page_refused(
        &mut self,
        context: &mut Context,
        name: &ChannelName,
        subscription: SubscriptionId,
    ) {
        if let Some(channel) = self.channels.get_mut(name) {
            channel.page_refused(context, subscription);
        }
    }

    pub(super) fn catch_up_lost(
        &mut self,
        context: &mut Context,
        talker: Option<LinkId>,
        (name, subscription): (&ChannelName, SubscriptionId),
    ) {
        if let Some(channel) = self.channels.get_mut(name) {
            channel.catch_up_lost(context, talker, subscription);
        }
    }

    /// The link that speaks for a channel.
    pub(super) fn speaker(&self, name: &ChannelName) -> Option<LinkId> {
        self.channels.get(name)?.speaker()
    }

    /// When a refused subscription is tried again.
    pub(super) fn deadline(&self) -> Timestamp {
        Timestamp::soonest(self.channels.values().map(Channel::retry))
    }

    pub(super) fn tick(&mut self, context: &mut Context, talker: Option<LinkId>) {
        let Some(link) = talker else { return };
        for channel in self.channels.values_mut() {
            if channel.retry() <= context.now {
                channel.ask(context, link, Standing::First);
            }
        }
    }

    fn spoken(&mut self, link: &Link, alias: tidewire_protocol::Alias) -> Option<&mut Channel> {
        let name = link.aliases.get(&alias)?;
        self.channels.get_mut(name).filter(|channel| channel.speaker() == Some(link.id))
    }

    fn forget(&mut self, name: &ChannelName) -> Option<Channel> {
        let channel = self.channels.remove(name)?;
        for subscription in channel.members() {
            self.by_id.remove(&subscription);
        }
        Some(channel)
    }
}
