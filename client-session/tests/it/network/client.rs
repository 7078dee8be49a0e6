use std::collections::BTreeMap;

use tidewire_session::{
    Command, Doubt, Event, Input, LinkId, Output, PublishId, Session, SessionConfig, SubscriptionId,
    Timestamp,
};

use super::book::Reader;
use super::log::Name;
use super::page::Store;
use super::world::{Happening, World, channel_name};

fn session(seed: u64, durable: bool) -> Session {
    Session::new(SessionConfig { in_flight: 4, durable, ..SessionConfig::default() }, seed)
}

/// A client: the session under test, and an application that writes down what it is told.
pub(super) struct Client {
    pub(super) session: Session,
    /// The application's readers, by subscription.
    pub(super) readers: BTreeMap<SubscriptionId, usize>,
    pub(super) published: u32,
    waiting: BTreeMap<PublishId, Name>,
    tick: Option<u64>,
    /// Asleep until then.
    pub(super) frozen: u64,
    last_subscription: u32,
    pub(super) store: Store,
}

impl Client {
    pub(super) fn new(seed: u64, durable: bool) -> Self {
        Self {
            session: session(seed, durable),
            readers: BTreeMap::new(),
            published: 0,
            waiting: BTreeMap::new(),
            tick: None,
            frozen: 0,
            last_subscription: 0,
            store: Store::default(),
        }
    }

    /// Another page, from that moment on; gives the readers that are gone with this one.
    pub(super) fn loads_anew(&mut self, seed: u64, start: u64) -> Vec<usize> {
        self.session = session(seed, true);
        self.store.page += 1;
        self.tick = None;
        self.frozen = start;
        std::mem::take(&mut self.readers).into_values().collect()
    }

    /// These are all the publications that the application waits for now; gives those of before.
    pub(super) fn waits_for(&mut self, names: BTreeMap<PublishId, Name>) -> Vec<Name> {
        let before = std::mem::replace(&mut self.waiting, names);
        before
            .into_iter()
            .filter(|(publish, _)| !self.waiting.contains_key(publish))
            .map(|(_, name)| name)
            .collect()
    }

    /// Publications without an answer.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl World {
    /// Tells a session something, and does what it wants. `cover` is how many publications were taken when what it
    /// hears was said.
    pub(super) fn drive(&mut self, client: usize, input: Input, cover: usize) {
        if self.traced {
            println!("{} client {client} <- {input:?}", self.now);
        }
        self.clients[client].session.handle(Timestamp(self.now), input);
        while let Some(output) = self.clients[client].session.poll() {
            if self.traced {
                println!("{} client {client} -> {output:?}", self.now);
            }
            let store = &self.clients[client].store;
            match output {
                Output::FetchToken => {
                    self.clients[client].session.handle(Timestamp(self.now), Input::Token(Ok(None)));
                }
                Output::Open(link) => self.open(client, store.link_in_world(link)),
                Output::Send(link, frames) => self.send_up(client, store.link_in_world(link), frames),
                Output::Close(link, _) => self.hang_up(client, store.link_in_world(link)),
                Output::Store { publish, channel, payload, name } => {
                    self.store(client, publish, (channel, payload, name));
                }
                Output::Notify(event) => self.notified(client, event, cover),
            }
        }
        let actor = &mut self.clients[client];
        if let Some((at, _)) = actor.session.deadline() {
            // An earlier tick that is under way already finds the deadline by itself.
            if actor.tick.is_none_or(|tick| at.0 < tick || tick <= self.now) {
                actor.tick = Some(at.0.max(self.now + 1));
                let due = at.0.max(self.now + 1);
                self.at(due, Happening::Tick { client });
            }
        }
    }

    pub(super) fn tick(&mut self, client: usize) {
        let actor = &mut self.clients[client];
        if actor.tick.is_some_and(|tick| tick <= self.now) {
            actor.tick = None;
        }
        let cover = self.book.taken.len();
        self.drive(client, Input::Tick, cover);
    }

    pub(super) fn command(&mut self, client: usize, command: Command) {
        let cover = self.book.taken.len();
        self.drive(client, Input::Command(command), cover);
    }

    pub(super) fn subscribe(&mut self, client: usize, channel: usize, last: u64) {
        let actor = &mut self.clients[client];
        actor.last_subscription += 1;
        let subscription = SubscriptionId(actor.last_subscription);
        actor.readers.insert(subscription, self.book.readers.len());
        self.book.readers.push(Reader::of(channel));
        self.command(
            client,
            Command::Subscribe { subscription, channel: channel_name(channel), last, since: None },
        );
    }

    pub(super) fn publish(&mut self, client: usize, channel: usize) {
        let actor = &mut self.clients[client];
        actor.published += 1;
        let name = Name { client, number: actor.published };
        let publish = PublishId(actor.published);
        actor.waiting.insert(publish, name);
        self.command(
            client,
            Command::Publish { publish, channel: channel_name(channel), payload: name.payload() },
        );
    }

    fn notified(&mut self, client: usize, event: Event, cover: usize) {
        let actor = &mut self.clients[client];
        match event {
            Event::Published { publish, .. } => {
                let name = actor.waiting.remove(&publish).expect("one answer to a publish");
                self.book.acknowledged.insert(name, self.now);
                self.write(client, publish, None);
            }
            Event::PublishRefused { publish, .. } | Event::PublishInDoubt { publish, .. } => {
                actor.waiting.remove(&publish).expect("one answer to a publish");
                if matches!(event, Event::PublishInDoubt { why: Doubt::TooOld, .. }) {
                    self.doubts(client, publish);
                }
                self.write(client, publish, None);
            }
            Event::Subscribed { subscription, .. }
            | Event::Gap { subscription, .. }
            | Event::Publications { subscription, .. } => {
                let reader = actor.readers[&subscription];
                self.book.tell(reader, &event, cover);
            }
            Event::Status(_) => {}
            other => panic!("client {client} is told {other:?}"),
        }
    }

    /// Whether the client has the link still.
    pub(super) fn listens(&self, client: usize, link: LinkId) -> bool {
        self.pipes.get(&(client, link)).is_some_and(|pipe| pipe.open_here)
    }
}
