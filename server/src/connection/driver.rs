use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tidewire_protocol::{
    ChannelName, ClientFrame, CloseCode, Codec, Heard, Pong, RefusalCode, RequestId, ServerFrame,
    Unsubscribe, UnsubscribeCode, Unsubscribed,
};
use tungstenite::Message;

use super::goodbye::Goodbye;
use super::incoming::Incoming;
use super::rate::{Pace, Rate};
use super::wire::{Ending, channel_of, decode, ending_of, flood, hello_expected, malformed, request_of};
use super::{Connection, Greeted, Moved};
use crate::channel::{Channel, catch_up};
use crate::connections::Admission;
use crate::outbox::Next;
use crate::panics::contained;
use crate::request::{Caller, greet, history, presence, publish, refresh, subscribe};
use crate::socket::ReadHalf;
use crate::{Closing, Refusal};

/// A connection's one task: it reads frames, begins requests in order, and writes what the outbox has.
///
/// A future by hand: an idle connection has room for nothing that it does not need.
pub(crate) struct Driver {
    caller: Caller,
    admission: Admission,
    incoming: Incoming,
    hello: HelloState,
    rate: Rate,
    /// Read, and not begun yet. While there are any, nothing is read.
    requests: VecDeque<ClientFrame>,
    /// The request that the ones after it wait for.
    gate: Option<BoxFuture<'static, Passed>>,
    /// Requests, and catching up, that wait for the backbone.
    running: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// Publishes, answered in their order. Only the first is polled: all have their places in line already.
    publishes: VecDeque<BoxFuture<'static, ()>>,
    /// Channels of subscribes in `running`: what concerns them waits.
    joining: Vec<ChannelName>,
    subscriptions: HashMap<ChannelName, Arc<Channel>>,
    /// How it ends, once that is decided.
    goodbye: Option<Box<Goodbye>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HelloState {
    Awaited,
    Came,
}

/// What the others waited for.
enum Passed {
    Greeted(Result<Greeted, Closing>),
    Appending(RequestId, Result<publish::Appending, Refusal>),
    Refreshed(Vec<ChannelName>),
}

enum Finished {
    Joined(ChannelName, Option<Arc<Channel>>),
    Answered,
}

impl Future for Driver {
    type Output = ();

    /// Serves the connection until it ends. A panic ends this connection alone.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        contained(PLACE, || driver.serve(cx)).unwrap_or(Poll::Ready(()))
    }
}

impl Driver {
    /// Takes what the socket half has; `read` was read of it before.
    pub(crate) fn new(caller: Caller, admission: Admission, socket: ReadHalf, read: Vec<u8>) -> Self {
        let limits = &caller.node.settings.limits;
        let rate = Rate::new(limits, caller.connection.activity.opened);
        let incoming = Incoming::new(socket, read, &caller.connection, limits);
        Self {
            caller,
            admission,
            incoming,
            hello: HelloState::Awaited,
            rate,
            requests: VecDeque::new(),
            gate: None,
            running: FuturesUnordered::new(),
            publishes: VecDeque::new(),
            joining: Vec::new(),
            subscriptions: HashMap::new(),
            goodbye: None,
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.goodbye.is_none() {
            let ending = ready!(self.converse(cx));
            metrics::counter!("tidewire_closes_total", "code" => ending.word()).increment(1);
            self.leave_all();
            let goodbye = match ending {
                Ending::Gone => return Poll::Ready(()),
                Ending::Left => Goodbye::answer(),
                Ending::Closing(closing) => Goodbye::say(&self.caller.connection, closing),
            };
            self.goodbye = Some(Box::new(goodbye));
        }
        let Caller { node, connection } = &self.caller;
        match &mut self.goodbye {
            Some(goodbye) => goodbye.poll(cx, connection, &mut self.incoming, &node.settings.limits),
            None => Poll::Pending,
        }
    }

    fn converse(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.connection().outbox.register(cx);
        let outcome = loop {
            let steps = [Self::pass_gate, Self::finish, Self::begin, Self::read];
            let mut moved = false;
            for step in steps {
                match step(self, cx) {
                    Ok(Moved::Yes) => moved = true,
                    Ok(Moved::No) => {}
                    Err(ending) => return Poll::Ready(ending),
                }
            }
            // Answers gather: one write for those of all requests that one read brought.
            if moved && !self.connection().outbox.is_ripe() {
                continue;
            }
            match self.write(cx) {
                Ok(Moved::No) if !moved => break Poll::Pending,
                Ok(_) => {}
                Err(ending) => return Poll::Ready(ending),
            }
        };
        self.incoming.rest();
        outcome
    }

    /// Writes what is queued; `Moved` where there is more to do now.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        let connection = &self.caller.connection;
        let was_choked = connection.outbox.is_choked();
        match connection.write(cx).map_err(|_| Ending::Gone)? {
            Next::Wait if was_choked && !connection.outbox.is_choked() => Ok(Moved::Yes),
            Next::Wait => Ok(Moved::No),
            Next::Close(closing) => Err(Ending::Closing(*closing)),
            Next::CatchUp(channels) => {
                for channel in channels {
                    self.running.push(keep_up(channel, self.caller.connection.clone()).boxed());
                }
                Ok(Moved::Yes)
            }
        }
    }

    fn pass_gate(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        let Some(gate) = &mut self.gate else { return Ok(Moved::No) };
        let Poll::Ready(passed) = guarded(|| gate.poll_unpin(cx))? else { return Ok(Moved::No) };
        self.gate = None;
        match passed {
            Passed::Greeted(greeted) => self.greeted(greeted.map_err(Ending::Closing)?)?,
            Passed::Appending(id, Ok(appending)) => {
                self.publishes.push_back(publish::answer(self.caller.clone(), id, appending).boxed());
            }
            Passed::Appending(id, Err(refusal)) => self.caller.refuse(id, refusal),
            Passed::Refreshed(ended) => self.subscriptions.retain(|name, _| !ended.contains(name)),
        }
        Ok(Moved::Yes)
    }

    fn greeted(&mut self, greeted: Greeted) -> Result<(), Ending> {
        let limits = &self.caller.node.settings.limits;
        if let Some(user) = &greeted.identity.user
            && !self.admission.name(limits, user)
        {
            let reason = "this user has as many connections as one may have";
            return Err(Ending::Closing(Closing::new(CloseCode::Overloaded, reason)));
        }
        greet::welcome(&self.caller, greeted);
        Ok(())
    }

    /// Takes what has come back from the backbone.
    fn finish(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        let mut moved = Moved::No;
        while let Poll::Ready(Some(finished)) = guarded(|| self.running.poll_next_unpin(cx))? {
            moved = Moved::Yes;
            match finished {
                Finished::Answered => {}
                Finished::Joined(name, channel) => {
                    self.joining.retain(|joining| *joining != name);
                    if let Some(channel) = channel {
                        self.subscriptions.insert(name, channel);
                    }
                }
            }
        }
        while let Some(first) = self.publishes.front_mut() {
            let Poll::Ready(()) = guarded(|| first.poll_unpin(cx))? else { break };
            self.publishes.pop_front();
            moved = Moved::Yes;
        }
        if self.publishes.is_empty() && self.publishes.capacity() > 0 {
            self.publishes = VecDeque::new();
        }
        Ok(moved)
    }

    /// Begins the requests that were read, in their order.
    fn begin(&mut self, _: &mut Context<'_>) -> Result<Moved, Ending> {
        let mut moved = Moved::No;
        while self.gate.is_none() && self.has_room() {
            let joining = &self.joining;
            let Some(frame) = self
                .requests
                .pop_front_if(|frame| !channel_of(frame).is_some_and(|name| joining.contains(name)))
            else {
                break;
            };
            moved = Moved::Yes;
            self.begin_one(frame);
        }
        if self.requests.is_empty() && self.requests.capacity() > 0 {
            self.requests = VecDeque::new();
        }
        Ok(moved)
    }

    fn begin_one(&mut self, frame: ClientFrame) {
        let caller = self.caller.clone();
        match frame {
            ClientFrame::Hello(hello) => {
                self.gate = Some(greet::greet(caller, hello).map(Passed::Greeted).boxed());
            }
            ClientFrame::Publish(wish) => {
                let appending = async move {
                    let id = wish.id;
                    Passed::Appending(id, publish::publish(&caller, wish).await)
                };
                self.gate = Some(appending.boxed());
            }
            ClientFrame::Refresh(wish) => {
                let subscribed = self.subscriptions.values().cloned().collect();
                self.gate = Some(refresh::refresh(caller, wish, subscribed).map(Passed::Refreshed).boxed());
            }
            ClientFrame::Subscribe(wish) => {
                let most = self.caller.node.settings.limits.subscriptions;
                let more = !self.subscriptions.contains_key(&wish.channel);
                if more && self.subscriptions.len() + self.joining.len() >= most {
                    let reason = format!("a connection may have {most} subscriptions");
                    caller.refuse(wish.id, Refusal::new(RefusalCode::TooManySubscriptions, reason));
                    return;
                }
                self.joining.push(wish.channel.clone());
                let name = wish.channel.clone();
                let joined = subscribe::subscribe(caller, wish);
                self.running.push(joined.map(|channel| Finished::Joined(name, channel)).boxed());
            }
            ClientFrame::Unsubscribe(wish) => self.unsubscribe(&wish),
            ClientFrame::History(wish) => {
                self.running.push(history::history(caller, wish).map(|()| Finished::Answered).boxed());
            }
            ClientFrame::Presence(wish) => {
                self.running.push(presence::presence(caller, wish).map(|()| Finished::Answered).boxed());
            }
            ClientFrame::Ping(_) => self.connection().say(&ServerFrame::Pong(Pong {})),
            ClientFrame::Pong(_) => {}
            ClientFrame::Coalesce(wish) => self.connection().coalesce(wish.every_ms),
        }
    }

    fn unsubscribe(&mut self, wish: &Unsubscribe) {
        let Some(channel) = self.subscriptions.remove(&wish.channel) else {
            let reason = format!("not subscribed to {}", wish.channel);
            return self.caller.refuse(wish.id, Refusal::new(RefusalCode::NotSubscribed, reason));
        };
        let connection = self.connection();
        channel.leave(connection.id, connection.clock.now());
        let (alias, code) = (channel.alias, UnsubscribeCode::Requested);
        connection.say(&ServerFrame::Unsubscribed(Unsubscribed { alias, code, id: Some(wish.id) }));
    }

    /// Reads one message, if what was read before has been begun and its answers are being read.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        let ready = self.requests.is_empty() && self.gate.is_none() && self.has_room();
        if !ready || self.connection().outbox.is_choked() {
            return Ok(Moved::No);
        }
        let Caller { node, connection } = &self.caller;
        match self.incoming.poll_next(cx, connection, &node.settings.limits) {
            Poll::Pending => Ok(Moved::No),
            Poll::Ready(Some(Ok(message))) => self.hear(message).map(|()| Moved::Yes),
            Poll::Ready(Some(Err(error))) => Err(ending_of(&error)),
            Poll::Ready(None) => Err(Ending::Gone),
        }
    }

    fn hear(&mut self, message: Message) -> Result<(), Ending> {
        let connection = self.connection().clone();
        let limits = &self.caller.node.settings.limits;
        let now = connection.clock.now();
        connection.activity.heard.store(now, Ordering::Relaxed);
        let bytes: Bytes = match (message, connection.codec()) {
            (Message::Text(text), Codec::Json) => text.into(),
            (Message::Binary(bytes), Codec::Binary) => bytes,
            (Message::Ping(bytes) | Message::Pong(bytes), _) => {
                return match self.rate.charge(limits, now, 1, bytes.len()) {
                    Pace::Fine | Pace::TooFast => Ok(()),
                    Pace::Flood => Err(flood()),
                };
            }
            (Message::Close(_), _) => return Err(Ending::Left),
            (Message::Text(_), Codec::Binary) => {
                return Err(malformed("this subprotocol has binary messages"));
            }
            (Message::Binary(_), Codec::Json) => return Err(malformed("this subprotocol has text messages")),
            (Message::Frame(_), _) => return Err(malformed("a frame outside of a message")),
        };
        let heard = decode(connection.codec(), &bytes, limits)?;
        let pace = self.rate.charge(limits, now, heard.len().max(1), bytes.len());
        if pace == Pace::Flood {
            return Err(flood());
        }
        for heard in heard {
            self.take(heard, pace)?;
        }
        Ok(())
    }

    fn take(&mut self, heard: Heard<ClientFrame>, pace: Pace) -> Result<(), Ending> {
        let is_hello = matches!(heard, Heard::Frame(ClientFrame::Hello(_)));
        match (self.hello, is_hello) {
            (HelloState::Awaited, true) => self.hello = HelloState::Came,
            (HelloState::Came, false) => {}
            (HelloState::Awaited, false) => return Err(hello_expected("the first frame must be hello")),
            (HelloState::Came, true) => return Err(hello_expected("hello comes once")),
        }
        match heard {
            Heard::UnknownKind(kind) => {
                let kind: String = kind.chars().take(40).collect();
                let reason = format!("there is no frame {kind:?}");
                self.caller.refuse(RequestId(0), Refusal::new(RefusalCode::UnknownFrame, reason));
            }
            Heard::Frame(frame) => match request_of(&frame).filter(|_| pace == Pace::TooFast) {
                Some(id) => {
                    let refusal = Refusal::new(RefusalCode::TooFast, "too many requests, try again later");
                    self.caller.refuse(id, refusal);
                }
                None => self.requests.push_back(frame),
            },
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.running.len() + self.publishes.len() < self.caller.node.settings.limits.requests_in_flight
    }

    fn connection(&self) -> &Arc<Connection> {
        &self.caller.connection
    }

    fn leave_all(&mut self) {
        let connection = &self.caller.connection;
        for (_, channel) in self.subscriptions.drain() {
            channel.leave(connection.id, connection.clock.now());
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.leave_all();
        self.caller.connection.outbox.shut();
        self.caller.node.connections.remove(self.caller.connection.id);
    }
}

/// Catches a subscription up; where the backbone cannot be asked, tries again a little later.
async fn keep_up(channel: Arc<Channel>, connection: Arc<Connection>) -> Finished {
    if catch_up(&channel, &connection).await.is_err() {
        tokio::time::sleep(LATER).await;
        connection.outbox.lag(channel);
    }
    Finished::Answered
}

/// Polls what others wrote. A panic there ends this connection alone.
fn guarded<T>(poll: impl FnOnce() -> Poll<T>) -> Result<Poll<T>, Ending> {
    contained(PLACE, poll).ok_or_else(|| {
        Ending::Closing(Closing::new(CloseCode::Internal, "the server failed at this connection"))
    })
}

/// Where panics are counted that happen here.
const PLACE: &str = "connection";
const LATER: Duration = Duration::from_secs(1);
