//! Several connections over one socket, as those of a browser's tabs. Each is a connection in every respect, with a
//! driver of its own; what the socket brings goes to them through pipes, and what they have queued is taken from their
//! outboxes when the socket takes more. So a socket that does not drain leaves them full, and they catch up from the
//! log. What is alike for several goes once.

mod merging;
mod patience;
mod pipe;
mod streams;
mod wire;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tidewire_protocol::{CloseCode, Codec};
use tungstenite::Message;

use super::goodbye::Goodbye;
use super::incoming::Incoming;
use super::rate::{Pace, Rate};
use super::wire::{Ending, ending_of, flood, malformed};
use super::{Connection, ConnectionId, Driver, Moved};
use crate::connections::{Admission, Full};
use crate::node::Inner;
use crate::outbox::{Next, Outbox};
use crate::panics::contained;
use crate::request::Caller;
use crate::socket::{ReadHalf, WriteHalf};
use crate::{Closing, Credentials, Limits};
use patience::Patience;
use pipe::Pipe;
use streams::{Passed, Streams};
use wire::{HEAD_BYTES, Kind, Said, closed, head};

/// The one task of a shared socket and of its connections.
pub(crate) struct SharedSocket {
    node: Arc<Inner>,
    /// The socket itself, which is in no list of connections.
    socket: Connection,
    incoming: Incoming,
    /// The node's, for messages with a head.
    limits: Limits,
    /// Charged with what is not for one of the connections.
    rate: Rate,
    /// The socket's place among connections while it has none.
    place: Option<(ConnectionId, Admission)>,
    streams: Streams,
    drivers: FuturesUnordered<Running>,
    /// The number of the last stream that was opened.
    last: Option<u32>,
    /// What its connection has no room for. Until it has, nothing is read.
    blocked: Option<(u32, Bytes)>,
    patience: Patience,
    goodbye: Option<Goodbye>,
}

impl SharedSocket {
    /// Takes a socket of which `read` was read already; what comes over it was let in at this place, from this door.
    pub(crate) fn new(
        node: Arc<Inner>,
        place: (ConnectionId, Admission),
        door: Credentials,
        (read, reads, writes): (Vec<u8>, ReadHalf, WriteHalf),
    ) -> Self {
        metrics::gauge!("tidewire_shared_sockets").increment(1.0);
        let mut limits = node.settings.limits.clone();
        limits.message_bytes += HEAD_BYTES;
        let outbox = Outbox::new(limits.outbox_bytes, Codec::Binary, writes);
        let socket = Connection::new(place.0, outbox, node.clock, door, None);
        Self {
            incoming: Incoming::new(reads, read, &socket, &limits),
            rate: Rate::new(&limits, socket.activity.opened),
            node,
            socket,
            limits,
            place: Some(place),
            streams: Streams::default(),
            drivers: FuturesUnordered::new(),
            last: None,
            blocked: None,
            patience: Patience::default(),
            goodbye: None,
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.goodbye.is_none() {
            let Err(ending) = self.converse(cx) else { return Poll::Pending };
            let ended = self.drivers.len().max(1);
            metrics::counter!("tidewire_closes_total", "code" => ending.word()).increment(ended as u64);
            // All of its connections are gone with it.
            (self.drivers, self.streams) = (FuturesUnordered::new(), Streams::default());
            self.goodbye = Some(match ending {
                Ending::Gone => return Poll::Ready(()),
                Ending::Left => Goodbye::answer(),
                Ending::Closing(closing) => Goodbye::say(&self.socket, closing),
            });
        }
        match &mut self.goodbye {
            Some(goodbye) => goodbye.poll(cx, &self.socket, &mut self.incoming, &self.limits),
            None => Poll::Pending,
        }
    }

    fn converse(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        let mut gathered = 0;
        loop {
            self.drive(cx);
            let heard = self.read(cx)?;
            // Answers gather, and go together.
            if heard == Moved::Yes && gathered < GATHERED {
                gathered += 1;
                continue;
            }
            gathered = 0;
            if self.write(cx)? == Moved::No && heard == Moved::No {
                break;
            }
        }
        self.incoming.rest();
        self.wait(cx)
    }

    /// Lets the connections go on.
    fn drive(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(number)) = self.drivers.poll_next_unpin(cx) {
            let why = match self.socket.outbox.holds_any() {
                true => Closing::new(CloseCode::TooSlow, "the socket did not take what was said last"),
                false => Closing::new(CloseCode::Internal, "the server failed at this connection"),
            };
            self.streams.end(number, &why);
        }
    }

    /// Reads one message, if the one before could be passed on and what was said before is being read.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        if let Some((stream, message)) = self.blocked.take() {
            self.hear_message(stream, message)?;
            return Ok(if self.blocked.is_none() { Moved::Yes } else { Moved::No });
        }
        if self.socket.outbox.is_choked() {
            return Ok(Moved::No);
        }
        match self.incoming.poll_next(cx, &self.socket, &self.limits) {
            Poll::Pending => Ok(Moved::No),
            Poll::Ready(Some(Ok(message))) => self.hear(message).map(|()| Moved::Yes),
            Poll::Ready(Some(Err(error))) => Err(ending_of(&error)),
            Poll::Ready(None) => Err(Ending::Gone),
        }
    }

    fn hear(&mut self, message: Message) -> Result<(), Ending> {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Ping(bytes) | Message::Pong(bytes) => return self.charge(bytes.len()).map(|_| ()),
            Message::Close(_) => return Err(Ending::Left),
            Message::Text(_) => return Err(malformed("this subprotocol has binary messages")),
            Message::Frame(_) => return Err(malformed("a frame outside of a message")),
        };
        let length = bytes.len();
        match Said::read(bytes) {
            Some(Said::Message(stream, message)) => self.hear_message(stream, message),
            Some(Said::Closes(stream)) => {
                self.streams.leave(stream);
                self.charge(length).map(|_| ())
            }
            Some(Said::Unknown) => self.charge(length).map(|_| ()),
            None => Err(malformed("a message begins with its stream and its kind")),
        }
    }

    fn hear_message(&mut self, stream: u32, message: Bytes) -> Result<(), Ending> {
        if self.last.is_none_or(|last| stream > last) {
            self.last = Some(stream);
            let pace = self.charge(HEAD_BYTES + message.len())?;
            if let Err((why, closing)) = self.open(stream, pace) {
                metrics::counter!("tidewire_connections_refused_total", "why" => why).increment(1);
                self.socket.outbox.put(&head(Kind::Closed, &[stream]), &[closed(&closing)]);
                return Ok(());
            }
        }
        let length = HEAD_BYTES + message.len();
        match self.streams.pass(stream, message) {
            Passed::Taken => Ok(()),
            Passed::Full(message) => {
                self.blocked = Some((stream, message));
                Ok(())
            }
            Passed::Nobody => self.charge(length).map(|_| ()),
        }
    }

    fn charge(&mut self, bytes: usize) -> Result<Pace, Ending> {
        let pace = self.rate.charge(&self.limits, self.node.clock.now(), 1, bytes);
        if pace == Pace::Flood { Err(flood()) } else { Ok(pace) }
    }

    /// Opens a connection, or says why there is none, for people and for the metrics.
    fn open(&mut self, stream: u32, pace: Pace) -> Result<(), (&'static str, Closing)> {
        let (id, admission) = self.admit(pace)?;
        metrics::counter!("tidewire_shared_streams_total").increment(1);
        let door = (*self.socket.door).clone();
        let connection = Connection::open(&self.node, WriteHalf::Shared, Codec::Binary, id, door);
        let (pipe, end) = Pipe::new(self.node.settings.limits.message_bytes);
        let caller = Caller { node: self.node.clone(), connection: connection.clone() };
        let driver = Driver::new(caller, admission, ReadHalf::Other(Box::new(end)), Vec::new());
        self.drivers.push(Running { stream, driver });
        self.streams.add(stream, pipe, connection);
        Ok(())
    }

    fn admit(&mut self, pace: Pace) -> Result<(ConnectionId, Admission), (&'static str, Closing)> {
        let limits = &self.node.settings.limits;
        if self.node.departure.under_way().is_some() {
            return Err(("draining", Closing::new(CloseCode::GoingAway, "this node is going away")));
        }
        if pace != Pace::Fine {
            let reason = "too many connections were opened, try again later";
            return Err(("too_fast", Closing::new(CloseCode::TooFast, reason)));
        }
        if self.streams.len() >= limits.connections_per_socket {
            let reason = format!("a socket may carry {} connections", limits.connections_per_socket);
            return Err(("socket", Closing::new(CloseCode::Overloaded, reason)));
        }
        self.take_place().map_err(|full| {
            let why = match full {
                Full::Node => "node",
                Full::Address => "address",
            };
            (why, overloaded())
        })
    }

    fn take_place(&mut self) -> Result<(ConnectionId, Admission), Full> {
        if let Some(place) = self.place.take() {
            return Ok(place);
        }
        let address = self.socket.door.remote.map(|remote| remote.ip());
        self.node.connections.admit(&self.node.settings.limits, address)
    }

    /// Writes what the connections have queued, as far as the socket takes it.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<Moved, Ending> {
        let mut moved = Moved::No;
        loop {
            match self.socket.outbox.advance(cx).map_err(|_| Ending::Gone)? {
                Next::Close(closing) => return Err(Ending::Closing(*closing)),
                Next::Wait | Next::CatchUp(_) if self.socket.outbox.holds_any() => return Ok(moved),
                Next::Wait | Next::CatchUp(_) => {}
            }
            let messages = self.streams.say(MESSAGE_BYTES);
            if messages.is_empty() {
                return Ok(moved);
            }
            moved = Moved::Yes;
            for message in messages {
                if message.streams.len() > 1 {
                    let spared = message.streams.len() as u64 - 1;
                    metrics::counter!("tidewire_shared_spared_total").increment(spared);
                }
                self.socket.outbox.put(&head(message.kind, &message.streams), &message.parts);
            }
        }
    }

    /// Waits for what must come in time.
    fn wait(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        match (self.drivers.is_empty(), self.streams.is_empty()) {
            (false, _) => self.patience.is_busy(),
            // Nobody is left who speaks, and the socket has not taken for long that they have ended.
            (true, false) => return Err(Ending::Gone),
            (true, true) => {
                if self.place.is_none() {
                    self.place = Some(self.take_place().map_err(|_| Ending::Closing(overloaded()))?);
                }
                in_time(self.patience.poll_idle(cx, &self.node))?;
            }
        }
        let began = self.socket.activity.assembling.load(Ordering::Relaxed);
        in_time(self.patience.poll_late(cx, &self.node, began))
    }
}

impl Future for SharedSocket {
    type Output = ();

    /// Serves the socket until it ends. A panic ends it and its connections alone.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let socket = self.get_mut();
        contained(PLACE, || socket.serve(cx)).unwrap_or(Poll::Ready(()))
    }
}

impl Drop for SharedSocket {
    fn drop(&mut self) {
        metrics::gauge!("tidewire_shared_sockets").decrement(1.0);
    }
}

/// One of the connections; comes to its number.
struct Running {
    stream: u32,
    driver: Driver,
}

impl Future for Running {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        ready!(self.driver.poll_unpin(cx));
        Poll::Ready(self.stream)
    }
}

fn in_time(late: Poll<Closing>) -> Result<(), Ending> {
    match late {
        Poll::Pending => Ok(()),
        Poll::Ready(closing) => Err(Ending::Closing(closing)),
    }
}

fn overloaded() -> Closing {
    Closing::new(CloseCode::Overloaded, "as many connections as there may be")
}

/// Where panics are counted that happen here.
const PLACE: &str = "shared_socket";
/// Messages that are read before the answers are written.
const GATHERED: usize = 16;
/// Messages are about as long, and so is what is written at once.
const MESSAGE_BYTES: usize = 16 << 10;
