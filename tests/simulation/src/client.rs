use std::collections::BTreeMap;

use tidewire_session::{
    Command, Event, Input, LinkEvent, LinkId, Output, PublishId, Session, SessionConfig, SubscriptionId,
    Timestamp,
};

use crate::book::{Number, payload_of};
use crate::chance::drawn;
use crate::world::{Due, World};
use crate::{Failure, Promise};

/// How long publications may wait for each other: it must make no difference to what is promised.
const COALESCE_MS: [u32; 3] = [0, 8, 200];

/// A client: a real session, and an application that has the book write down what it is told.
pub(crate) struct Client {
    session: Session,
    /// Publishes without an answer.
    pub(crate) waiting: BTreeMap<PublishId, Number>,
    /// What was acknowledged to it, and when.
    pub(crate) acknowledged: BTreeMap<Number, u64>,
    made: u32,
    tick: Option<u64>,
    /// Asleep until then.
    pub(crate) frozen: u64,
    pub(crate) is_gone: bool,
    pub(crate) is_subscribed: bool,
    subscriptions: u32,
}

impl Client {
    pub(crate) fn new(seed: u64, index: usize, in_flight: usize) -> Self {
        let coalesce_ms = COALESCE_MS[(drawn(&[seed, index as u64, 2]) % 3) as usize];
        let config = SessionConfig { in_flight, coalesce_ms, ..SessionConfig::default() };
        Self {
            session: Session::new(config, drawn(&[seed, index as u64, 1])),
            waiting: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            made: 0,
            tick: None,
            frozen: 0,
            is_gone: false,
            is_subscribed: false,
            subscriptions: 0,
        }
    }
}

impl World<'_> {
    pub(crate) fn begin_client(&mut self, client: usize) -> Result<(), Failure> {
        self.command(client, Command::Connect)?;
        self.subscribe(client)
    }

    /// A client that reads subscribes, if it is not subscribed.
    pub(crate) fn subscribe(&mut self, client: usize) -> Result<(), Failure> {
        let actor = &mut self.clients[client];
        if client >= self.plan.size.readers || actor.is_subscribed || actor.is_gone {
            return Ok(());
        }
        actor.is_subscribed = true;
        actor.subscriptions += 1;
        let (subscription, channel) = (SubscriptionId(actor.subscriptions), self.channel.clone());
        self.book.begin(client);
        self.command(client, Command::Subscribe { subscription, channel, last: 0, since: None })
    }

    pub(crate) fn unsubscribe(&mut self, client: usize) -> Result<(), Failure> {
        let actor = &mut self.clients[client];
        if !actor.is_subscribed || actor.is_gone {
            return Ok(());
        }
        actor.is_subscribed = false;
        let subscription = SubscriptionId(actor.subscriptions);
        self.command(client, Command::Unsubscribe { subscription })
    }

    /// A client publishes; answers the publication's number.
    pub(crate) fn publish(&mut self, client: usize) -> Result<Number, Failure> {
        let actor = &mut self.clients[client];
        actor.made += 1;
        let number = client as Number * 1_000 + actor.made;
        let publish = PublishId(actor.made);
        actor.waiting.insert(publish, number);
        self.book.tally.published += 1;
        let (channel, payload) = (self.channel.clone(), payload_of(number));
        self.command(client, Command::Publish { publish, channel, payload })?;
        Ok(number)
    }

    pub(crate) fn tick(&mut self, client: usize) -> Result<(), Failure> {
        let now = self.now();
        self.clients[client].tick = self.clients[client].tick.filter(|tick| *tick > now);
        let cover = self.book.taken.len();
        self.drive(client, Input::Tick, cover)
    }

    fn command(&mut self, client: usize, command: Command) -> Result<(), Failure> {
        let cover = self.book.taken.len();
        self.drive(client, Input::Command(command), cover)
    }

    pub(crate) fn hear(
        &mut self,
        client: usize,
        link: LinkId,
        event: LinkEvent,
        cover: usize,
    ) -> Result<(), Failure> {
        self.drive(client, Input::Link(link, event), cover)
    }

    /// Tells a session something, and does what it wants. `cover` is how many publications were taken when what it
    /// hears came to it.
    pub(crate) fn drive(&mut self, client: usize, input: Input, cover: usize) -> Result<(), Failure> {
        let now = self.now();
        self.told.say(|| format!("{now:>6} client {client} <- {input:?}"));
        self.clients[client].session.handle(Timestamp(now), input);
        while let Some(output) = self.clients[client].session.poll() {
            self.told.say(|| format!("{now:>6} client {client} -> {output:?}"));
            match output {
                Output::FetchToken => {
                    self.clients[client].session.handle(Timestamp(now), Input::Token(Ok(None)));
                }
                Output::Open(link) => self.open(client, link),
                Output::Send(link, frames) => self.send_up(client, link, frames),
                Output::Close(link, _) => self.hang_up(client, link),
                Output::Store { .. } => {}
                Output::Notify(event) => self.notified(client, event, cover)?,
            }
        }
        let actor = &mut self.clients[client];
        if let Some((at, _)) = actor.session.deadline() {
            let at = at.0.max(now + 1);
            // An earlier tick that is under way already finds the deadline by itself.
            if actor.tick.is_none_or(|tick| at < tick) {
                actor.tick = Some(at);
                self.at(at, Due::Tick { client });
            }
        }
        Ok(())
    }

    fn notified(&mut self, client: usize, event: Event, cover: usize) -> Result<(), Failure> {
        let now = self.now();
        let actor = &mut self.clients[client];
        match event {
            Event::Published { publish, .. } => {
                let number = answered(actor, publish)?;
                actor.acknowledged.insert(number, now);
                self.book.acknowledge(number);
                self.look_for_losses()?;
            }
            Event::PublishRefused { publish, .. } => {
                let number = answered(actor, publish)?;
                self.book.refuse(number);
            }
            Event::PublishInDoubt { publish, .. } => {
                answered(actor, publish)?;
            }
            Event::Subscribed { .. } => self.book.is_live(client, cover),
            Event::Gap { gap, .. } => self.book.tell(client, gap, cover)?,
            Event::Publications { publications, .. } => {
                for publication in &publications {
                    self.book.show(client, publication)?;
                }
            }
            Event::Status(_) | Event::Trouble(_) | Event::TokenFailed(_) => {}
            Event::Ephemeral { .. }
            | Event::Unsubscribed { .. }
            | Event::SubscribeRefused { .. }
            | Event::History { .. }
            | Event::Presence(_)
            | Event::HistoryRefused { .. } => {
                return Err(Promise::Rest.broken(format!("client {client} is told {event:?}")));
            }
        }
        Ok(())
    }
}

fn answered(client: &mut Client, publish: PublishId) -> Result<Number, Failure> {
    let answered = client.waiting.remove(&publish);
    answered.ok_or_else(|| Promise::Rest.broken(format!("{publish:?} is answered twice")))
}
