mod backoff;
mod connecting;
mod context;
mod hearing;
mod link;
mod liveness;
mod outbox;
mod outputs;
mod phase;
mod presence;
mod questions;
mod random;
mod requests;
mod rests;
mod subscriptions;
mod table;
mod terms;
mod token;

use tidewire_protocol::{ChannelName, ClientFrame, Coalesce, Payload, Publish, PublisherId};

use self::backoff::Backoff;
use self::context::Context;
use self::link::{Link, LiveLink};
use self::outbox::Outbox;
use self::outputs::{Outputs, fits};
use self::phase::Phase;
use self::presence::Presence;
use self::questions::Questions;
use self::random::Random;
use self::requests::{Request, Requests};
use self::subscriptions::Subscriptions;
use self::terms::Terms;
use self::token::TokenKeeper;
use crate::{
    Command, End, Event, Input, LinkEvent, LinkId, Output, PresenceCommand, PresenceEvent, PublishId,
    Refusal, SessionConfig, Status, Timer, Timestamp, Wake,
};

/// One client's conversation.
///
/// A driver tells it what happens ([`Session::handle`]), does what it wants ([`Session::poll`]) and comes back at
/// its [`Session::deadline`]. It keeps no socket and no clock; all its randomness comes from its seed.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    context: Context,
    status: Status,
    phase: Phase,
    /// The link that the phase's link replaces: it is heard until the new one speaks for every channel.
    elder: Option<LiveLink>,
    last_link: u32,
    backoff: Backoff,
    token: TokenKeeper,
    subscriptions: Subscriptions,
    outbox: Outbox,
    questions: Questions,
    presence: Presence,
}

/// Publications of ephemeral namespaces that may wait for their answers at one time; one more is refused.
const MOST_EPHEMERALS: usize = 1024;

impl Session {
    /// A session that does nothing until it is told to connect. The seed must differ from session to session, in
    /// all its bits: the publisher's identity comes from it.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let publisher = PublisherId(random.next());
        let outbox = Outbox::new(publisher, config.outbox, config.in_flight.max(1));
        let context = Context {
            now: Timestamp::default(),
            outputs: Outputs::default(),
            requests: Requests::default(),
            random,
            terms: Terms::default(),
            durable: config.durable,
        };
        Self {
            config,
            context,
            status: Status::Idle,
            phase: Phase::Idle,
            elder: None,
            last_link: 0,
            backoff: Backoff::default(),
            token: TokenKeeper::new(),
            subscriptions: Subscriptions::default(),
            outbox,
            questions: Questions::default(),
            presence: Presence::default(),
        }
    }

    /// Takes in what happened. Never fails: trouble becomes an [`Event`].
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.context.now = self.context.now.max(now);
        match input {
            Input::Command(command) => self.obey(command),
            Input::Link(link, event) => self.link(link, event),
            Input::Token(answer) => self.token_fetched(answer),
            Input::Wake(wake) => self.wake(wake),
            Input::Tick => self.tick(),
        }
        self.pump();
    }

    /// The next thing to do; to be called until there is none. Several inputs may be handled before.
    pub fn poll(&mut self) -> Option<Output> {
        self.context.outputs.poll()
    }

    /// When to come with [`Input::Tick`], and what for. May change with every input.
    pub fn deadline(&self) -> Option<(Timestamp, Timer)> {
        let outbox = self.outbox.deadline(&self.context, self.publishing_link().map(|link| link.id));
        let mut soonest = self.phase.deadline();
        let mut consider = |timer| soonest = soonest.min(timer);
        consider((outbox, Timer::Outbox));
        consider((self.presence.deadline(), Timer::Presence));
        if let Some(elder) = &self.elder {
            consider((elder.liveness.deadline(), Timer::Liveness));
        }
        if matches!(self.phase, Phase::Live(_)) {
            consider((self.token.deadline(), Timer::Refresh));
        }
        if self.talker().is_some() {
            consider((self.subscriptions.deadline(), Timer::Resubscribe));
        }
        Some(soonest).filter(|&(at, _)| at < Timestamp::NEVER)
    }

    /// How the session stands.
    pub const fn status(&self) -> &Status {
        &self.status
    }

    fn obey(&mut self, command: Command) {
        let talker = self.talker();
        match command {
            Command::Connect => self.connect_if_at_rest(),
            Command::Close => self.end(End::Application),
            Command::Subscribe { subscription, channel, last, since } => {
                self.subscriptions.add(&mut self.context, talker, subscription, (channel, last, since));
            }
            Command::Unsubscribe { subscription } => {
                self.subscriptions.remove(&mut self.context, talker, subscription);
            }
            Command::Publish { publish, channel, payload } => self.publish(publish, channel, payload),
            Command::Stored { publish, name } => self.outbox.stored(publish, name),
            Command::Restore { publish, channel, payload, name, first } => {
                self.outbox.restore(&mut self.context, publish, channel, payload, (name, first));
            }
            Command::History { history, channel, since, limit } => {
                if matches!(self.phase, Phase::Ended { .. }) {
                    self.context.notify(Event::HistoryRefused { history, refusal: Refusal::Ended });
                } else {
                    let most = self.config.questions;
                    self.questions.add(&mut self.context, history, (channel, since, limit), most);
                }
            }
            Command::Presence(command) => self.obey_about_presence(command),
            Command::Coalesce { every_ms } => {
                let old = std::mem::replace(&mut self.config.coalesce_ms, every_ms);
                if let Some(link) = talker.filter(|_| old != every_ms) {
                    self.coalesce(link);
                }
            }
        }
    }

    fn coalesce(&mut self, link: LinkId) {
        self.context.send(link, ClientFrame::Coalesce(Coalesce { every_ms: self.config.coalesce_ms }));
    }

    fn obey_about_presence(&mut self, command: PresenceCommand) {
        let is_over = matches!(self.phase, Phase::Ended { .. });
        match command {
            PresenceCommand::Ask { presence, .. } | PresenceCommand::Watch { presence, .. } if is_over => {
                let refused = PresenceEvent::Refused { presence, refusal: Refusal::Ended };
                self.context.notify(Event::Presence(refused));
            }
            PresenceCommand::Ask { presence, channel, after, limit } => {
                let most = self.config.questions;
                self.presence.ask(&mut self.context, presence, (channel, after, limit), most);
            }
            PresenceCommand::Watch { presence, channel } => {
                let speaker = self.subscriptions.speaker(&channel);
                self.presence.watch(&mut self.context, presence, channel, speaker);
            }
            PresenceCommand::Unwatch { presence } => self.presence.unwatch(&mut self.context, presence),
        }
    }

    fn publish(&mut self, publish: PublishId, channel: ChannelName, payload: Payload) {
        let terms = &self.context.terms;
        let limit = terms.limits.message_bytes;
        if matches!(self.phase, Phase::Ended { .. }) {
            self.context.notify(Event::PublishRefused { publish, refusal: Refusal::Ended });
        } else if terms.known && !fits(payload.bytes().len(), channel.as_str().len(), &terms.limits) {
            self.context.notify(Event::PublishRefused { publish, refusal: Refusal::TooLarge { limit } });
        } else if terms.known && terms.is_ephemeral(&channel) {
            self.publish_ephemeral(publish, channel, payload);
        } else {
            self.outbox.add(&mut self.context, publish, channel, payload);
        }
    }

    /// At most once: what cannot be sent now is not kept.
    fn publish_ephemeral(&mut self, publish: PublishId, channel: ChannelName, payload: Payload) {
        let refusal = match self.live_link() {
            None => Refusal::NotLive,
            Some(_) if self.context.requests.ephemerals() >= MOST_EPHEMERALS => Refusal::Overflow,
            Some(link) => {
                self.context.ask(link, Request::Ephemeral(publish), |id| {
                    ClientFrame::Publish(Publish {
                        id,
                        channel,
                        seq: 0,
                        payload,
                        force: false,
                        publisher: None,
                    })
                });
                return;
            }
        };
        self.context.notify(Event::PublishRefused { publish, refusal });
    }

    fn link(&mut self, id: LinkId, event: LinkEvent) {
        let is_main = self.phase.link().is_some_and(|link| link.id == id);
        let is_elder = self.elder.as_ref().is_some_and(|elder| elder.link.id == id);
        if !is_main && !is_elder {
            return;
        }
        match event {
            LinkEvent::Opened => self.opened(),
            LinkEvent::Received(frames) => self.hear(id, frames),
            LinkEvent::Garbled(why) => self.garbled(id, why),
            LinkEvent::Closed { code, reason } => self.closed(id, code, reason),
        }
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::PageShown | Wake::Resumed | Wake::Online | Wake::ClockJumped => {
                self.probe();
                self.connect_if_waiting();
            }
            Wake::Offline => self.probe(),
            Wake::PageHidden => {}
        }
    }

    fn tick(&mut self) {
        self.check_phase();
        self.check_elder();
        if matches!(self.phase, Phase::Live(_)) {
            self.token.tick(&mut self.context);
        }
        let talker = self.talker();
        self.subscriptions.tick(&mut self.context, talker);
        self.presence.tick(&mut self.context);
    }

    /// Sends what waits and may be sent.
    fn pump(&mut self) {
        if let Some(link) = self.talker() {
            self.questions.pump(&mut self.context, link);
        }
        if let Some(link) = self.live_link() {
            self.presence.pump(&mut self.context, link);
        }
        self.retire_elder();
        // First, because a timer may be late, and what is too old must not be sent again.
        self.outbox.tick(&mut self.context);
        if let Some((link, publisher)) = self.publishing_link().map(|link| (link.id, link.publisher)) {
            self.outbox.pump(&mut self.context, link, publisher);
        }
    }

    /// The link on which requests go out: the newest on which hello is said.
    fn talking_link(&self) -> Option<&Link> {
        match &self.phase {
            Phase::Greeting { link, .. } => Some(link),
            Phase::Live(live) => Some(&live.link),
            Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Waiting { .. }
            | Phase::Ended { .. } => self.elder.as_ref().map(|elder| &elder.link),
        }
    }

    fn talker(&self) -> Option<LinkId> {
        self.talking_link().map(|link| link.id)
    }

    /// The link on which the outbox goes out: none before a server has said what it accepts.
    fn publishing_link(&self) -> Option<&Link> {
        self.talking_link().filter(|_| self.context.terms.known)
    }

    /// The newest link on which we were welcomed.
    fn live_link(&self) -> Option<LinkId> {
        match &self.phase {
            Phase::Live(live) => Some(live.link.id),
            Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Waiting { .. }
            | Phase::Ended { .. } => self.elder.as_ref().map(|elder| elder.link.id),
        }
    }
}
