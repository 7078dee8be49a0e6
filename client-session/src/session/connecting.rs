//! How a session comes to a live link, keeps it, replaces it and loses it.

use tidewire_protocol::{Advice, ClientFrame, CloseCode, GoingAway, Hello, Ping, Welcome};

use super::Session;
use super::backoff::Backoff;
use super::link::{Link, LiveLink};
use super::liveness::{Liveness, Verdict};
use super::phase::Phase;
use super::requests::Request;
use crate::{Doubt, End, Event, LinkId, Loss, Output, Timestamp, TokenError};

/// The WebSocket's code for a close without trouble.
const NORMAL: u16 = 1000;

impl Session {
    /// The application wants to be connected.
    pub(super) fn connect_if_at_rest(&mut self) {
        match self.phase {
            Phase::Idle | Phase::Waiting { .. } | Phase::Ended { .. } => self.connect(),
            Phase::FetchingToken { .. } | Phase::Opening { .. } | Phase::Greeting { .. } | Phase::Live(_) => {
            }
        }
    }

    /// The world has changed: an attempt may succeed now.
    pub(super) fn connect_if_waiting(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.connect();
        }
    }

    fn connect(&mut self) {
        if self.token.is_ready(&mut self.context) {
            self.open();
        } else {
            let until = self.context.now.after_ms(self.config.token_timeout_ms);
            self.enter(Phase::FetchingToken { until });
        }
    }

    fn open(&mut self) {
        self.last_link = self.last_link.wrapping_add(1);
        let link = Link::new(LinkId(self.last_link), self.outbox.publisher());
        self.context.push(Output::Open(link.id));
        let until = self.context.now.after_ms(self.config.connect_timeout_ms);
        self.enter(Phase::Opening { link, until });
    }

    pub(super) fn token_fetched(&mut self, answer: Result<Option<String>, TokenError>) {
        let live = match &self.phase {
            Phase::Live(live) => Some(live.link.id),
            Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Waiting { .. }
            | Phase::Ended { .. } => None,
        };
        let result = self.token.fetched(&mut self.context, answer, live);
        if !matches!(self.phase, Phase::FetchingToken { .. }) {
            return;
        }
        match result {
            Ok(()) => self.open(),
            Err(error @ TokenError::Unavailable(_)) => self.wait(Loss::Token(error)),
            Err(error @ TokenError::Refused(_)) => self.end(End::Token(error)),
        }
    }

    /// The socket is open: hello, all subscriptions and the outbox go out in one message, as far as one holds them.
    pub(super) fn opened(&mut self) {
        let link = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Opening { link, until } => {
                let id = link.id;
                self.phase = Phase::Greeting { link, until };
                id
            }
            other @ (Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Greeting { .. }
            | Phase::Live(_)
            | Phase::Waiting { .. }
            | Phase::Ended { .. }) => {
                self.phase = other;
                return;
            }
        };
        let hello = Hello {
            sdk: self.config.sdk.clone(),
            token: self.token.current(),
            publisher: self.phase.link().map(|link| link.publisher),
            features: vec![String::from(super::terms::PRESENCE)],
        };
        self.context.send(link, ClientFrame::Hello(hello));
        if self.config.coalesce_ms > 0 {
            self.coalesce(link);
        }
        self.subscriptions.ask_all(&mut self.context, link);
        self.outbox.restart(&mut self.context);
    }

    /// The server took us in.
    pub(super) fn welcomed(&mut self, id: LinkId, mut welcome: Welcome) {
        let link = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Greeting { link, .. } if link.id == id => link,
            other @ (Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Live(_)
            | Phase::Waiting { .. }
            | Phase::Ended { .. }) => {
                self.phase = other;
                return;
            }
        };
        let now = self.context.now;
        self.context.terms.hear(&mut welcome);
        self.token.good_for(now, welcome.token_expires_in_ms);
        self.enter(Phase::Live(LiveLink {
            link,
            liveness: Liveness::new(now, self.context.terms.heartbeat_ms),
            welcomed: now,
            handover: Timestamp::NEVER,
            connection: welcome.connection,
            node: welcome.node,
            user: welcome.user,
        }));
        for (channel, publish, payload) in self.outbox.take_ephemeral(&self.context) {
            self.publish_ephemeral(publish, channel, payload);
        }
    }

    /// The node stops, or has connections to give away: move at a random moment within the spread.
    pub(super) fn going_away(&mut self, id: LinkId, notice: GoingAway) {
        let now = self.context.now;
        if let Phase::Live(live) = &mut self.phase
            && live.link.id == id
            && live.handover == Timestamp::NEVER
        {
            let spread = u64::from(notice.spread_ms.min(notice.within_ms));
            self.backoff.lost_after(live.welcomed, now);
            let delay = self.backoff.next_move(&mut self.context.random, spread);
            live.handover = now.after_ms(delay);
        }
    }

    /// Opens another link while this one goes on.
    fn hand_over(&mut self) {
        self.close_elder();
        if let Phase::Live(mut live) = std::mem::replace(&mut self.phase, Phase::Idle) {
            live.handover = Timestamp::NEVER;
            self.elder = Some(live);
            self.connect();
        }
    }

    /// Closes the replaced link when nothing needs it any more.
    pub(super) fn retire_elder(&mut self) {
        let Some(elder) = self.elder.as_ref().map(|elder| elder.link.id) else { return };
        if matches!(self.phase, Phase::Live(_))
            && !self.subscriptions.need(elder)
            && !self.context.requests.hold(elder)
        {
            self.close_elder();
        }
    }

    fn close_elder(&mut self) {
        if let Some(elder) = self.elder.take() {
            self.context.push(Output::Close(elder.link.id, NORMAL));
            self.forget_link(elder.link.id);
        }
    }

    /// Asks the server for a sign of life, because something happened that may have cut the links.
    pub(super) fn probe(&mut self) {
        let main = match &mut self.phase {
            Phase::Live(live) => Some(live),
            Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Waiting { .. }
            | Phase::Ended { .. } => None,
        };
        for live in main.into_iter().chain(&mut self.elder) {
            if live.liveness.probes(self.context.now) {
                self.context.send(live.link.id, ClientFrame::Ping(Ping {}));
            }
        }
    }

    /// The phase's own timers.
    pub(super) fn check_phase(&mut self) {
        let now = self.context.now;
        match &mut self.phase {
            Phase::FetchingToken { until } if *until <= now => {
                self.token.give_up();
                self.wait(Loss::Token(TokenError::Unavailable(String::from("fetching it took too long"))));
            }
            Phase::Opening { link, until } | Phase::Greeting { link, until } if *until <= now => {
                let id = link.id;
                self.context.push(Output::Close(id, NORMAL));
                self.lost(Loss::Timeout, Return::Later);
            }
            Phase::Waiting { until, .. } if *until <= now => self.connect(),
            Phase::Live(live) => {
                let (id, due) = (live.link.id, live.handover <= now);
                match live.liveness.check(now) {
                    Verdict::Fine if due => self.hand_over(),
                    Verdict::Fine => {}
                    Verdict::Doubtful => self.probe(),
                    Verdict::Silent => self.give_up(id, Return::Later),
                    Verdict::Unanswered => self.give_up(id, Return::Now),
                }
            }
            Phase::Idle
            | Phase::FetchingToken { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Waiting { .. }
            | Phase::Ended { .. } => {}
        }
    }

    /// The replaced link may die too.
    pub(super) fn check_elder(&mut self) {
        let now = self.context.now;
        match self.elder.as_mut().map(|elder| elder.liveness.check(now)) {
            Some(Verdict::Silent | Verdict::Unanswered) => {
                self.close_elder();
                self.tell_status();
            }
            Some(Verdict::Doubtful) => self.probe(),
            Some(Verdict::Fine) | None => {}
        }
    }

    fn give_up(&mut self, link: LinkId, back: Return) {
        self.context.push(Output::Close(link, CloseCode::Unresponsive.number()));
        self.lost(Loss::Silent, back);
    }

    /// A message could not be read: whatever it was, it is missing now.
    pub(super) fn garbled(&mut self, id: LinkId, why: String) {
        self.context.push(Output::Close(id, CloseCode::Malformed.number()));
        self.context.notify(Event::Trouble(why.clone()));
        self.gone(id, Loss::Garbled(why), Return::Later);
    }

    /// The socket closed, or never opened.
    pub(super) fn closed(&mut self, id: LinkId, code: Option<u16>, reason: String) {
        let close = code.map(CloseCode::from_number);
        match close {
            Some(close) if close.advice() == Advice::Stop && self.is_main(id) => {
                self.phase = Phase::Idle;
                self.forget_link(id);
                self.end(End::Server { code: close, reason });
            }
            Some(CloseCode::TokenExpired) => {
                self.token.forget();
                self.gone(id, Loss::Closed { code, reason }, Return::Now);
            }
            Some(_) | None => self.gone(id, Loss::Closed { code, reason }, Return::Later),
        }
    }

    fn is_main(&self, id: LinkId) -> bool {
        self.phase.link().is_some_and(|link| link.id == id)
    }

    fn gone(&mut self, id: LinkId, why: Loss, back: Return) {
        if self.is_main(id) {
            self.lost(why, back);
        } else {
            self.elder = None;
            self.forget_link(id);
            self.tell_status();
        }
    }

    /// The phase's link is lost. While an older one lives, it takes over until the next attempt; but not where the
    /// lost one has spoken for channels already.
    fn lost(&mut self, why: Loss, back: Return) {
        let now = self.context.now;
        let phase = std::mem::replace(&mut self.phase, Phase::Idle);
        if let Phase::Live(live) = &phase {
            self.backoff.lost_after(live.welcomed, now);
            self.close_elder();
        }
        if let Some(link) = phase.link() {
            self.forget_link(link.id);
        }
        if let (Phase::Greeting { .. }, Some(elder)) = (&phase, &self.elder) {
            self.subscriptions.fall_back_to(&mut self.context, elder.link.id);
            self.outbox.restart(&mut self.context);
        }
        match back {
            // Once; if that fails, like everybody else.
            Return::Now if self.backoff.is_fresh() => {
                self.backoff.count();
                self.connect();
            }
            Return::Now | Return::Later => self.wait(why),
        }
    }

    fn wait(&mut self, why: Loss) {
        let spread = self.context.terms.reconnect_spread_ms;
        let delay = self.backoff.next_delay(&mut self.context.random, spread);
        self.enter(Phase::Waiting { until: self.context.now.after_ms(delay), why });
    }

    /// It is over: everything that waits for an answer gets one.
    pub(super) fn end(&mut self, why: End) {
        self.close_elder();
        if let Some(id) = self.phase.link().map(|link| link.id) {
            self.context.push(Output::Close(id, NORMAL));
            self.phase = Phase::Idle;
            self.forget_link(id);
        }
        self.questions.end(&mut self.context);
        self.presence.end(&mut self.context);
        self.outbox.end(&mut self.context);
        self.token.forget();
        self.backoff = Backoff::default();
        self.enter(Phase::Ended { why });
    }

    /// What was asked on a link that is no more will not be answered there.
    fn forget_link(&mut self, id: LinkId) {
        self.subscriptions.lost(id);
        self.presence.lost(id);
        let talker = self.talker();
        for (_, request) in self.context.requests.lose(id).values() {
            match request {
                Request::Ephemeral(publish) => {
                    self.context.notify(Event::PublishInDoubt { publish: *publish, why: Doubt::LinkLost });
                }
                Request::History(history) => self.questions.lost(*history),
                Request::Presence(request) => self.presence.request_lost(request),
                Request::CatchUp(channel, subscription) => {
                    self.subscriptions.catch_up_lost(&mut self.context, talker, (channel, *subscription));
                }
                Request::Subscribe(_) | Request::Unsubscribe | Request::Publish { .. } | Request::Refresh => {
                }
            }
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.tell_status();
    }

    /// As long as a link is live, whichever, the session is.
    fn tell_status(&mut self) {
        let status = match (&self.phase, &self.elder) {
            (Phase::Live(live), _) => live.status(),
            (_, Some(elder)) => elder.status(),
            (phase, None) => phase.status(),
        };
        if status != self.status {
            self.status = status.clone();
            self.context.notify(Event::Status(status));
        }
    }
}

/// When to come back after a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    /// At once: it is this client's loss alone.
    Now,
    /// After the backoff: others may have lost their links too.
    Later,
}
