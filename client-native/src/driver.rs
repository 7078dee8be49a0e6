mod presence;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tidewire_protocol::{ChannelName, HistoryPage, Payload, Position, PresenceList};
use tidewire_session::{
    Command, Event, HistoryId, Input, LinkEvent, LinkId, Output, PresenceCommand, PresenceId, PublishId,
    Refusal, Session, Status, SubscriptionId, Timestamp, TokenError,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::http::Uri;

use self::presence::Presence;
use crate::socket::Socket;
use crate::subscription::NUDGE;
use crate::{
    ClientOptions, Crowd, PresenceWatch, PublishError, Published, SubscribeOptions, Subscription,
    SubscriptionEvent, TokenSource,
};

/// What a handle wants of the driver.
#[derive(Debug)]
pub(crate) enum Request {
    Subscribe {
        channel: ChannelName,
        options: SubscribeOptions,
        answer: oneshot::Sender<Subscription>,
    },
    Unsubscribe(SubscriptionId),
    Publish {
        channel: ChannelName,
        payload: Payload,
        answer: oneshot::Sender<Result<Published, PublishError>>,
    },
    History {
        channel: ChannelName,
        since: Option<Position>,
        limit: u64,
        answer: oneshot::Sender<Result<HistoryPage, Refusal>>,
    },
    Presence {
        channel: ChannelName,
        after: Option<String>,
        limit: u64,
        answer: oneshot::Sender<Result<PresenceList, Refusal>>,
    },
    WatchPresence {
        channel: ChannelName,
        answer: oneshot::Sender<PresenceWatch>,
    },
    UnwatchPresence(PresenceId),
    Close,
}

/// The task that gives a session its sockets and its time.
pub(crate) struct Driver {
    session: Session,
    began: Instant,
    clock_ahead: Arc<AtomicU64>,
    urls: Vec<Uri>,
    attempts: usize,
    token: TokenSource,
    fetching: Option<BoxFuture<'static, Result<Option<String>, TokenError>>>,
    sockets: Vec<(LinkId, Socket)>,
    farewells: FuturesUnordered<BoxFuture<'static, ()>>,
    requests: mpsc::Receiver<Request>,
    handle: mpsc::WeakSender<Request>,
    status: watch::Sender<Status>,
    last_id: u32,
    events: usize,
    subscriptions: HashMap<SubscriptionId, Listener>,
    publishes: HashMap<PublishId, oneshot::Sender<Result<Published, PublishError>>>,
    questions: HashMap<HistoryId, oneshot::Sender<Result<HistoryPage, Refusal>>>,
    presence: Presence,
}

/// Where a subscription's events go.
struct Listener {
    events: mpsc::Sender<SubscriptionEvent>,
    /// How many did not fit; the subscription takes it back to 0 when it tells the application.
    dropped: Arc<AtomicU64>,
}

/// After one command, take so many more that wait, so that they go out in one message.
const COMMANDS_AT_ONCE: usize = 256;

impl Driver {
    pub(crate) fn new(
        options: ClientOptions,
        handle: mpsc::WeakSender<Request>,
        requests: mpsc::Receiver<Request>,
        status: watch::Sender<Status>,
    ) -> Self {
        Self {
            session: Session::new(options.session, rand::random()),
            began: Instant::now(),
            clock_ahead: options.clock_ahead,
            urls: options.urls,
            attempts: 0,
            token: options.token,
            fetching: None,
            sockets: Vec::new(),
            farewells: FuturesUnordered::new(),
            requests,
            handle,
            status,
            last_id: 0,
            events: options.events.max(1),
            subscriptions: HashMap::new(),
            publishes: HashMap::new(),
            questions: HashMap::new(),
            presence: Presence::default(),
        }
    }

    /// Runs until the application closes the client or has no handle of it any more.
    pub(crate) async fn run(mut self) {
        self.command(Command::Connect);
        loop {
            self.do_what_the_session_wants();
            let congested = self.sockets.iter().any(|(_, socket)| socket.is_congested());
            let deadline = self.session.deadline().map(|(at, _)| self.instant(at));
            tokio::select! {
                event = next_event(&mut self.sockets) => self.input(Input::Link(event.0, event.1)),
                request = self.requests.recv(), if !congested => match request {
                    Some(Request::Close) | None => break,
                    Some(request) => {
                        self.take(request);
                        if self.take_more() == Open::No {
                            break;
                        }
                    }
                },
                token = fetched(&mut self.fetching) => {
                    self.fetching = None;
                    self.input(Input::Token(token));
                }
                () = sleep_to(deadline) => self.input(Input::Tick),
                Some(()) = self.farewells.next() => {}
            }
        }
        self.command(Command::Close);
        self.do_what_the_session_wants();
        while let Some(()) = self.farewells.next().await {}
    }

    /// Takes commands that wait already.
    fn take_more(&mut self) -> Open {
        for _ in 0..COMMANDS_AT_ONCE {
            match self.requests.try_recv() {
                Ok(Request::Close) => return Open::No,
                Ok(request) => self.take(request),
                Err(_) => break,
            }
        }
        Open::Yes
    }

    fn take(&mut self, request: Request) {
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        match request {
            Request::Subscribe { channel, options: SubscribeOptions { last, since }, answer } => {
                let (events, listening) = mpsc::channel(self.events);
                let subscription = SubscriptionId(id);
                let driver = self.handle.clone();
                let dropped = Arc::default();
                let listener = Listener { events, dropped: Arc::clone(&dropped) };
                if answer.send(Subscription { id: subscription, events: listening, dropped, driver }).is_ok()
                {
                    self.subscriptions.insert(subscription, listener);
                    self.command(Command::Subscribe { subscription, channel, last, since });
                }
            }
            Request::Unsubscribe(subscription) => self.unsubscribe(subscription),
            Request::Publish { channel, payload, answer } => {
                let publish = PublishId(id);
                self.publishes.insert(publish, answer);
                self.command(Command::Publish { publish, channel, payload });
            }
            Request::History { channel, since, limit, answer } => {
                let history = HistoryId(id);
                self.questions.insert(history, answer);
                self.command(Command::History { history, channel, since, limit });
            }
            Request::Presence { channel, after, limit, answer } => {
                let presence = PresenceId(id);
                self.presence.questions.insert(presence, answer);
                self.about_presence(PresenceCommand::Ask { presence, channel, after, limit });
            }
            Request::WatchPresence { channel, answer } => {
                let presence = PresenceId(id);
                let (tell, crowd) = watch::channel(Crowd::default());
                let driver = self.handle.clone();
                if answer.send(PresenceWatch { id: presence, crowd, driver }).is_ok() {
                    self.presence.watches.insert(presence, tell);
                    self.about_presence(PresenceCommand::Watch { presence, channel });
                }
            }
            Request::UnwatchPresence(presence) => self.unwatch_presence(presence),
            Request::Close => {}
        }
    }

    fn unsubscribe(&mut self, subscription: SubscriptionId) {
        if self.subscriptions.remove(&subscription).is_some() {
            self.command(Command::Unsubscribe { subscription });
        }
    }

    fn unwatch_presence(&mut self, presence: PresenceId) {
        if self.presence.watches.remove(&presence).is_some() {
            self.about_presence(PresenceCommand::Unwatch { presence });
        }
    }

    fn about_presence(&mut self, command: PresenceCommand) {
        self.command(Command::Presence(command));
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.timestamp(), input);
    }

    fn timestamp(&self) -> Timestamp {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Timestamp(elapsed).after_ms(self.clock_ahead.load(Ordering::Relaxed))
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let ahead = self.clock_ahead.load(Ordering::Relaxed);
        self.began + std::time::Duration::from_millis(at.0.saturating_sub(ahead))
    }

    fn do_what_the_session_wants(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::FetchToken => self.fetching = Some(self.token.fetch()),
                Output::Open(link) => {
                    let uri = self.urls[self.attempts % self.urls.len()].clone();
                    self.attempts += 1;
                    self.sockets.push((link, Socket::open(uri)));
                }
                Output::Send(link, frames) => {
                    if let Some((_, socket)) = self.sockets.iter_mut().find(|(id, _)| *id == link) {
                        socket.send(&frames);
                    }
                }
                Output::Close(link, code) => {
                    if let Some(index) = self.sockets.iter().position(|(id, _)| *id == link) {
                        let (_, socket) = self.sockets.swap_remove(index);
                        self.farewells.push(Box::pin(socket.close(code)));
                    }
                }
                // Only a durable session wants it.
                Output::Store { .. } => {}
                Output::Notify(event) => self.tell(event),
            }
        }
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Status(status) => {
                if !matches!(status, Status::Live { .. }) {
                    self.presence.forget();
                }
                self.status.send_replace(status);
            }
            Event::Subscribed { subscription, position, replayed, recovered } => {
                self.send(subscription, SubscriptionEvent::Subscribed { position, replayed, recovered });
            }
            Event::Publications { subscription, publications, replayed } => {
                self.send(subscription, SubscriptionEvent::Publications { publications, replayed });
            }
            Event::Ephemeral { subscription, payload, user } => {
                self.send(subscription, SubscriptionEvent::Ephemeral { payload, user });
            }
            Event::Gap { subscription, gap } => self.send(subscription, SubscriptionEvent::Gap(gap)),
            Event::Unsubscribed { subscription, code } => {
                self.send(subscription, SubscriptionEvent::Unsubscribed(code));
                self.subscriptions.remove(&subscription);
            }
            Event::SubscribeRefused { subscription, refusal } => {
                self.send(subscription, SubscriptionEvent::Refused(refusal));
                self.subscriptions.remove(&subscription);
            }
            Event::Published { publish, position } => self.answer(publish, Ok(Published { position })),
            Event::PublishRefused { publish, refusal } => self.answer(publish, Err(refusal.into())),
            Event::PublishInDoubt { publish, why } => self.answer(publish, Err(why.into())),
            Event::History { history, page } => {
                if let Some(answer) = self.questions.remove(&history) {
                    let _ = answer.send(Ok(page));
                }
            }
            Event::HistoryRefused { history, refusal } => {
                if let Some(answer) = self.questions.remove(&history) {
                    let _ = answer.send(Err(refusal));
                }
            }
            Event::Presence(event) => {
                if let Some(unseen) = self.presence.tell(event) {
                    self.unwatch_presence(unseen);
                }
            }
            // The status and the answers say what follows from these.
            Event::TokenFailed(_) | Event::Trouble(_) => {}
        }
    }

    fn answer(&mut self, publish: PublishId, answer: Result<Published, PublishError>) {
        if let Some(waiting) = self.publishes.remove(&publish) {
            let _ = waiting.send(answer);
        }
    }

    /// Never waits: what does not fit is dropped, and so is all that follows until the application knows of it.
    fn send(&mut self, subscription: SubscriptionId, event: SubscriptionEvent) {
        let Some(listener) = self.subscriptions.get_mut(&subscription) else { return };
        if listener.events.is_closed() {
            self.unsubscribe(subscription);
        } else if listener.dropped.load(Ordering::Relaxed) > 0 || listener.events.try_send(event).is_err() {
            listener.dropped.fetch_add(1, Ordering::Relaxed);
            // If it took the last event just now, it waits for another.
            if listener.events.capacity() > 0 {
                let _ = listener.events.try_send(NUDGE);
            }
        }
    }
}

/// Whether the application still wants the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Yes,
    No,
}

/// The next thing that happens on a socket.
async fn next_event(sockets: &mut Vec<(LinkId, Socket)>) -> (LinkId, LinkEvent) {
    poll_fn(|context: &mut Context<'_>| {
        for index in 0..sockets.len() {
            let (link, socket) = &mut sockets[index];
            if let Poll::Ready(event) = socket.poll_event(context) {
                let link = *link;
                if matches!(event, LinkEvent::Closed { .. }) {
                    sockets.swap_remove(index);
                }
                return Poll::Ready((link, event));
            }
        }
        Poll::Pending
    })
    .await
}

/// The application's answer, where it was asked.
async fn fetched(
    fetching: &mut Option<BoxFuture<'static, Result<Option<String>, TokenError>>>,
) -> Result<Option<String>, TokenError> {
    match fetching {
        Some(fetching) => fetching.await,
        None => std::future::pending().await,
    }
}

async fn sleep_to(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
