use std::cell::Cell;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::task::{Context, Poll, ready};

use tidewire_protocol::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::Connection;
use super::fragments::Fragments;
use crate::socket::ReadHalf;
use crate::{Closing, Limits};

/// From a socket's bytes to WebSocket messages. While nothing has been read, there is no buffer.
pub(super) struct Incoming {
    socket: ReadHalf,
    read: Vec<u8>,
    /// What of `read` the WebSocket has not taken yet.
    untaken: Range<usize>,
    /// The WebSocket may have another message of what it has taken.
    may_have_more: bool,
    fragments: Fragments,
    /// Made when something comes, and gone when all of it is taken and no message is incomplete.
    websocket: Option<Box<WebSocketContext>>,
}

impl Incoming {
    /// Goes on after `read`.
    pub(super) fn new(socket: ReadHalf, read: Vec<u8>, connection: &Connection, limits: &Limits) -> Self {
        let mut fragments = Fragments::default();
        if let Err(error) = fragments.inspect(&read, connection, limits.fragments) {
            connection.outbox.close(Closing::new(CloseCode::TooManyFragments, error.to_string()));
        }
        let (untaken, may_have_more) = (0..read.len(), !read.is_empty());
        Self { socket, read, untaken, may_have_more, fragments, websocket: None }
    }

    /// The next message; `None` at the end.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        connection: &Connection,
        limits: &Limits,
    ) -> Poll<Option<Result<Message, Error>>> {
        loop {
            if self.may_have_more {
                match self.take(connection, limits) {
                    Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.may_have_more = false;
                    }
                    message => return Poll::Ready(Some(message)),
                }
            }
            if self.read.len() != AT_ONCE {
                self.read = SPARE.take();
                self.read.resize(AT_ONCE, 0);
            }
            match ready!(self.socket.poll_read(cx, &mut self.read)) {
                Ok(0) => return Poll::Ready(None),
                Ok(count) => {
                    (self.untaken, self.may_have_more) = (0..count, true);
                    let inspected = self.fragments.inspect(&self.read[..count], connection, limits.fragments);
                    if let Err(error) = inspected {
                        return Poll::Ready(Some(Err(io::Error::other(error).into())));
                    }
                }
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Keeps no more than what is still to be taken: the connection may be idle for long.
    pub(super) fn rest(&mut self) {
        let left = self.read[self.untaken.clone()].to_vec();
        let read = std::mem::replace(&mut self.read, left);
        if read.len() == AT_ONCE {
            SPARE.set(read);
        }
        self.untaken = 0..self.read.len();
        if !self.may_have_more && self.fragments.are_whole() {
            self.websocket = None;
        }
    }

    fn take(&mut self, connection: &Connection, limits: &Limits) -> Result<Message, Error> {
        let websocket = self
            .websocket
            .get_or_insert_with(|| Box::new(WebSocketContext::new(Role::Server, Some(config(limits)))));
        let mut feed = Feed { bytes: &self.read[self.untaken.clone()], answers: Vec::new() };
        let message = websocket.read(&mut feed);
        if matches!(message, Ok(Message::Ping(_) | Message::Close(_))) {
            // Its answer, which the WebSocket would keep until it reads again. Into memory, that fails only after a
            // close frame, to say so.
            let _ = websocket.flush(&mut feed);
        }
        self.untaken.start = self.untaken.end - feed.bytes.len();
        match &message {
            Ok(Message::Close(_)) => connection.outbox.end(&feed.answers),
            _ if feed.answers.is_empty() => {}
            _ => connection.outbox.answer(&feed.answers),
        }
        message
    }
}

/// A socket, as the WebSocket sees it.
struct Feed<'a> {
    bytes: &'a [u8],
    /// What it says by itself: pongs, and a close frame for a close frame.
    answers: Vec<u8>,
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(buffer)
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answers.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
}

thread_local! {
    /// A buffer for the next read of this thread: connections own one only while they are read.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes that are read of a socket at once.
const AT_ONCE: usize = 16 << 10;
const READ_BUFFER: usize = 4 << 10;
