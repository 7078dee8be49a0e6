//! The language of the stories: a client, its server and its application, played by the test.

use std::collections::VecDeque;

use tidewire_protocol::{
    Alias, Behind, ChannelName, ClientFrame, CloseCode, Delivery, GoingAway, HistoryPage, Limits, Payload,
    Ping, Pong, Position, Publication, PublicationId, Publish, Published, RefusalCode, Refused, RequestId,
    Reset, ResetReason, Rewound, ServerFrame, Subscribe, Subscribed, Tag, UnsubscribeCode, Unsubscribed,
    Welcome,
};
use tidewire_session::{
    Command, Event, HistoryId, Input, LinkEvent, LinkId, Output, PublishId, PublishName, Session,
    SessionConfig, Status, SubscriptionId, Timer, Timestamp, TokenError, Wake,
};

/// A client under test, with everything that it wanted and that no line of the story has spoken of yet.
pub(crate) struct Script {
    pub(crate) session: Session,
    pub(crate) now: Timestamp,
    /// The newest link that the session opened.
    pub(crate) link: LinkId,
    pub(crate) sent: VecDeque<(LinkId, Vec<ClientFrame>)>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) opened: VecDeque<LinkId>,
    pub(crate) closed: VecDeque<(LinkId, u16)>,
    pub(crate) token_fetches: usize,
    /// What the driver is asked to store, and as what; stays until the story says that it is.
    pub(crate) to_store: Vec<(PublishId, Option<PublishName>)>,
}

pub(crate) const NEWS: &str = "news:today";
pub(crate) const NEWS_ALIAS: Alias = Alias(7);

impl Script {
    /// Nothing has happened.
    pub(crate) fn new() -> Self {
        Self::with(SessionConfig::default())
    }

    pub(crate) fn with(config: SessionConfig) -> Self {
        Self {
            session: Session::new(config, 42),
            now: Timestamp(1_000),
            link: LinkId(0),
            sent: VecDeque::new(),
            events: VecDeque::new(),
            opened: VecDeque::new(),
            closed: VecDeque::new(),
            token_fetches: 0,
            to_store: Vec::new(),
        }
    }

    /// Welcomed, anonymous, with nothing to say.
    pub(crate) fn live() -> Self {
        let mut script = Self::new();
        script.connects();
        script.forgets();
        script
    }

    /// Welcomed and subscribed to a channel whose tip is 0.
    pub(crate) fn live_on(channel: &str) -> Self {
        let mut script = Self::live();
        script.subscribes(1, channel);
        let request = script.asked_for(channel);
        script.receives(subscribed(request.id, channel, 0));
        script.forgets();
        script
    }

    // ---- what happens

    pub(crate) fn hears(&mut self, input: Input) {
        self.session.handle(self.now, input);
        while let Some(output) = self.session.poll() {
            match output {
                Output::FetchToken => self.token_fetches += 1,
                Output::Open(link) => {
                    self.link = link;
                    self.opened.push_back(link);
                }
                Output::Send(link, frames) => self.sent.push_back((link, frames)),
                Output::Close(link, code) => self.closed.push_back((link, code)),
                Output::Store { publish, name, .. } => self.to_store.push((publish, name)),
                Output::Notify(event) => self.events.push_back(event),
            }
        }
    }

    pub(crate) fn wants(&mut self, command: Command) {
        self.hears(Input::Command(command));
    }

    /// From rest to welcome.
    pub(crate) fn connects(&mut self) {
        self.wants(Command::Connect);
        self.is_given_no_token();
        self.opens();
        self.receives(welcome());
    }

    pub(crate) fn is_given_no_token(&mut self) {
        self.hears(Input::Token(Ok(None)));
    }

    pub(crate) fn is_given_the_token(&mut self, token: &str) {
        self.hears(Input::Token(Ok(Some(token.into()))));
    }

    pub(crate) fn is_told_that_there_is_no_token(&mut self, error: TokenError) {
        self.hears(Input::Token(Err(error)));
    }

    /// The newest socket opens.
    pub(crate) fn opens(&mut self) {
        self.hears(Input::Link(self.link, LinkEvent::Opened));
    }

    pub(crate) fn receives(&mut self, frame: ServerFrame) {
        self.receives_on(self.link, vec![frame]);
    }

    pub(crate) fn receives_all(&mut self, frames: Vec<ServerFrame>) {
        self.receives_on(self.link, frames);
    }

    pub(crate) fn receives_on(&mut self, link: LinkId, frames: Vec<ServerFrame>) {
        self.hears(Input::Link(link, LinkEvent::Received(frames)));
    }

    pub(crate) fn loses_the_socket(&mut self) {
        self.hears(Input::Link(self.link, LinkEvent::Closed { code: None, reason: "reset by peer".into() }));
    }

    pub(crate) fn is_closed_with(&mut self, code: CloseCode) {
        let event = LinkEvent::Closed { code: Some(code.number()), reason: code.word().into() };
        self.hears(Input::Link(self.link, event));
    }

    pub(crate) fn wakes(&mut self, wake: Wake) {
        self.hears(Input::Wake(wake));
    }

    /// Time passes; the session's timers come when they are due.
    pub(crate) fn waits_ms(&mut self, ms: u64) {
        let end = self.now.after_ms(ms);
        while let Some((at, _)) = self.session.deadline().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.hears(Input::Tick);
            assert!(
                self.session.deadline().is_none_or(|(next, _)| next > self.now),
                "a timer that was due is still due: {:?}",
                self.session.deadline()
            );
        }
        self.now = end;
    }

    /// The machine sleeps: time passes, and no timer comes before it wakes.
    pub(crate) fn sleeps_ms(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        self.hears(Input::Tick);
    }

    pub(crate) fn waits_out_the_backoff(&mut self) {
        let (at, timer) = self.session.deadline().expect("a timer");
        assert_eq!(timer, Timer::Reconnect);
        self.now = self.now.max(at);
        self.hears(Input::Tick);
    }

    /// From a lost socket to the next one that is open.
    pub(crate) fn comes_back(&mut self) {
        self.waits_out_the_backoff();
        self.opens();
    }

    pub(crate) fn subscribes(&mut self, subscription: u32, channel: &str) {
        self.subscribes_with(subscription, channel, 0, None);
    }

    pub(crate) fn subscribes_with(
        &mut self,
        subscription: u32,
        channel: &str,
        last: u64,
        since: Option<Position>,
    ) {
        self.wants(Command::Subscribe {
            subscription: SubscriptionId(subscription),
            channel: name(channel),
            last,
            since,
        });
    }

    pub(crate) fn unsubscribes(&mut self, subscription: u32) {
        self.wants(Command::Unsubscribe { subscription: SubscriptionId(subscription) });
    }

    pub(crate) fn publishes(&mut self, publish: u32, channel: &str) {
        self.wants(Command::Publish {
            publish: PublishId(publish),
            channel: name(channel),
            payload: payload(publish),
        });
    }

    pub(crate) fn asks_for_history(&mut self, history: u32, channel: &str, limit: u64) {
        self.wants(Command::History {
            history: HistoryId(history),
            channel: name(channel),
            since: None,
            limit,
        });
    }

    // ---- what is seen of it; each line takes away what it speaks of

    pub(crate) fn forgets(&mut self) {
        self.sent.clear();
        self.events.clear();
        self.opened.clear();
        self.closed.clear();
        self.token_fetches = 0;
    }

    /// The next message, whose link must be the newest.
    pub(crate) fn next_message(&mut self) -> Vec<ClientFrame> {
        let (link, frames) = self.sent.pop_front().expect("a message");
        assert_eq!(link, self.link, "on the newest link");
        frames
    }

    pub(crate) fn says_nothing_more(&self) {
        assert!(self.sent.is_empty(), "{:?}", self.sent);
    }

    /// The next message is this one frame.
    pub(crate) fn says(&mut self, frame: &ClientFrame) {
        assert_eq!(self.next_message(), std::slice::from_ref(frame));
    }

    /// The next message is hello and a subscribe for each channel, with what it offers.
    pub(crate) fn says_hello_and(&mut self, wishes: &[(&str, &[Position])]) {
        let message = self.next_message();
        let (hello, rest) = message.split_first().expect("a frame");
        assert!(matches!(hello, ClientFrame::Hello(_)), "{hello:?}");
        let said: Vec<_> = rest
            .iter()
            .map(|frame| match frame {
                ClientFrame::Subscribe(subscribe) => {
                    (subscribe.channel.as_str().to_owned(), subscribe.since.clone())
                }
                other => panic!("not a subscribe: {other:?}"),
            })
            .collect();
        let wished: Vec<_> =
            wishes.iter().map(|(channel, since)| ((*channel).to_owned(), since.to_vec())).collect();
        assert_eq!(said, wished);
        self.sent.push_front((self.link, message));
    }

    /// The subscribe for a channel in the messages not yet spoken of, which go.
    pub(crate) fn asked_for(&mut self, channel: &str) -> Subscribe {
        let frames: Vec<_> = self.sent.drain(..).flat_map(|(_, frames)| frames).collect();
        frames
            .into_iter()
            .rev()
            .find_map(|frame| match frame {
                ClientFrame::Subscribe(subscribe) if subscribe.channel.as_str() == channel => Some(subscribe),
                _ => None,
            })
            .expect("a subscribe for the channel")
    }

    /// The publishes in the messages not yet spoken of, which go.
    pub(crate) fn published(&mut self) -> Vec<Publish> {
        self.sent
            .drain(..)
            .flat_map(|(_, frames)| frames)
            .filter_map(|frame| match frame {
                ClientFrame::Publish(publish) => Some(publish),
                _ => None,
            })
            .collect()
    }

    /// The seqs of the publishes not yet spoken of.
    pub(crate) fn published_seqs(&mut self) -> Vec<u64> {
        self.published().iter().map(|publish| publish.seq).collect()
    }

    pub(crate) fn next_event(&mut self) -> Event {
        self.events.pop_front().expect("an event")
    }

    pub(crate) fn tells(&mut self, event: &Event) {
        assert_eq!(&self.next_event(), event);
    }

    pub(crate) fn tells_nothing_more(&self) {
        assert!(self.events.is_empty(), "{:?}", self.events);
    }

    /// The offsets of the publications told to a subscription, in order; other events stay.
    pub(crate) fn shown(&mut self, subscription: u32) -> Vec<u64> {
        let mut shown = Vec::new();
        self.events.retain(|event| match event {
            Event::Publications { subscription: id, publications, .. } if id.0 == subscription => {
                shown.extend(publications.iter().map(|publication| publication.position.offset));
                false
            }
            _ => true,
        });
        shown
    }

    pub(crate) fn opened_a_link(&mut self) -> bool {
        self.opened.pop_front().is_some()
    }

    pub(crate) fn closed_a_link(&mut self) -> Option<(LinkId, u16)> {
        self.closed.pop_front()
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.session.status(), Status::Live { .. })
    }

    pub(crate) fn next_timer(&self) -> Timer {
        self.session.deadline().expect("a timer").1
    }
}

// ---- the server's words

pub(crate) fn name(channel: &str) -> ChannelName {
    channel.parse().expect("a channel name")
}

pub(crate) fn limits() -> Limits {
    Limits {
        message_bytes: 64 << 10,
        frames_per_message: 256,
        subscriptions: 100,
        settle_ms: 60_000,
        dedup_ms: 600_000,
    }
}

pub(crate) fn plain_welcome() -> Welcome {
    Welcome {
        connection: "c1".into(),
        node: "n1".into(),
        heartbeat_ms: 25_000,
        reconnect_spread_ms: 1_000,
        limits: limits(),
        user: None,
        token_expires_in_ms: None,
        ephemeral: vec!["cursors".into()],
        features: Vec::new(),
    }
}

pub(crate) fn welcome() -> ServerFrame {
    ServerFrame::Welcome(plain_welcome())
}

/// The position of the log's entry with this offset.
pub(crate) fn position(offset: u64) -> Position {
    Position { offset, tag: Tag(offset as u32) }
}

/// The position of an entry in another branch of the log.
pub(crate) fn other_position(offset: u64) -> Position {
    Position { offset, tag: Tag(1_000_000 + offset as u32) }
}

pub(crate) fn payload(number: u32) -> Payload {
    Payload::Json(number.to_string().into_bytes().into())
}

/// The log's entry with this offset.
pub(crate) fn entry(offset: u64) -> Publication {
    Publication {
        position: position(offset),
        id: PublicationId(offset as u32),
        payload: payload(offset as u32),
        user: None,
        missing: 0,
    }
}

/// The same entry, delivered.
pub(crate) fn publication(offset: u64) -> ServerFrame {
    ServerFrame::Publication(entry(offset).delivered_as(NEWS_ALIAS))
}

pub(crate) fn delivery(publication: Publication) -> ServerFrame {
    let delivery: Delivery = publication.delivered_as(NEWS_ALIAS);
    ServerFrame::Publication(delivery)
}

/// An answer to a first subscribe: the subscription begins at the tip.
pub(crate) fn subscribed(id: RequestId, channel: &str, tip: u64) -> ServerFrame {
    resumed(id, channel, position(tip), vec![], tip)
}

/// An answer that continues from a position, with what follows it.
pub(crate) fn resumed(
    id: RequestId,
    channel: &str,
    from: Position,
    replay: Vec<Publication>,
    tip: u64,
) -> ServerFrame {
    ServerFrame::Subscribed(Subscribed {
        id,
        channel: name(channel),
        alias: NEWS_ALIAS,
        position: position(tip),
        from: Some(from),
        replay,
        reset: None,
    })
}

pub(crate) fn reset_at(id: RequestId, channel: &str, tip: u64, reason: ResetReason) -> ServerFrame {
    ServerFrame::Subscribed(Subscribed {
        id,
        channel: name(channel),
        alias: NEWS_ALIAS,
        position: position(tip),
        from: None,
        replay: vec![],
        reset: Some(reason),
    })
}

pub(crate) fn accepted(publish: &Publish) -> ServerFrame {
    ServerFrame::Published(Published { id: publish.id, position: Some(position(publish.seq)) })
}

pub(crate) fn behind(publish: &Publish, last: u64) -> ServerFrame {
    ServerFrame::Behind(Behind { id: publish.id, last })
}

pub(crate) fn refused(id: RequestId, code: RefusalCode) -> ServerFrame {
    ServerFrame::Refused(Refused { id, code, reason: code.word().into() })
}

pub(crate) fn rewound(to: Position) -> ServerFrame {
    ServerFrame::Rewound(Rewound { alias: NEWS_ALIAS, position: to })
}

pub(crate) fn reset(to: Position, reason: ResetReason) -> ServerFrame {
    ServerFrame::Reset(Reset { alias: NEWS_ALIAS, position: to, reason })
}

pub(crate) fn unsubscribed(code: UnsubscribeCode) -> ServerFrame {
    ServerFrame::Unsubscribed(Unsubscribed { alias: NEWS_ALIAS, code, id: None })
}

pub(crate) fn unsubscribed_by_wish(wish: RequestId) -> ServerFrame {
    ServerFrame::Unsubscribed(Unsubscribed {
        alias: NEWS_ALIAS,
        code: UnsubscribeCode::Requested,
        id: Some(wish),
    })
}

pub(crate) fn going_away(within_ms: u32, spread_ms: u32) -> ServerFrame {
    ServerFrame::GoingAway(GoingAway { within_ms, spread_ms })
}

pub(crate) fn page(id: RequestId, publications: Vec<Publication>, tip: u64) -> ServerFrame {
    ServerFrame::History(HistoryPage { id, position: position(tip), publications, reset: None, more: false })
}

pub(crate) fn ping() -> ServerFrame {
    ServerFrame::Ping(Ping {})
}

pub(crate) fn pong() -> ServerFrame {
    ServerFrame::Pong(Pong {})
}
