use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use super::Connection;
use super::incoming::Incoming;
use crate::{Closing, Limits};

/// Says that a connection ends, after what is queued, and waits until the peer has read it, but not long.
pub(super) struct Goodbye {
    patience: Pin<Box<Sleep>>,
    /// The peer said it first: it waits for the end, and says nothing more.
    is_answer: bool,
}

impl Goodbye {
    /// Begins to say why.
    pub(super) fn say(connection: &Connection, closing: Closing) -> Self {
        connection.outbox.end(&close_frame(&closing));
        Self::begin(false)
    }

    /// Begins to write the answer to the peer's close frame, which the WebSocket has put into the outbox.
    pub(super) fn answer() -> Self {
        Self::begin(true)
    }

    fn begin(is_answer: bool) -> Self {
        Self { patience: Box::pin(tokio::time::sleep(PATIENCE)), is_answer }
    }

    /// Goes on. The peer may be gone already, or not read: then there is nobody to tell.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &Connection,
        incoming: &mut Incoming,
        limits: &Limits,
    ) -> Poll<()> {
        if self.patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        connection.outbox.register(cx);
        if ready!(connection.outbox.poll_write(cx)).is_err() || self.is_answer {
            return Poll::Ready(());
        }
        while let Some(Ok(_)) = ready!(incoming.poll_next(cx, connection, limits)) {}
        Poll::Ready(())
    }
}

/// A close frame (RFC 6455, 5.5.1).
fn close_frame(closing: &Closing) -> Vec<u8> {
    let reason = &closing.reason[..closing.reason.floor_char_boundary(MOST_REASON)];
    let mut bytes = vec![0x88, 2 + reason.len() as u8];
    bytes.extend_from_slice(&closing.code.number().to_be_bytes());
    bytes.extend_from_slice(reason.as_bytes());
    bytes
}

/// What fits into a close frame, after the code.
const MOST_REASON: usize = 123;
const PATIENCE: Duration = Duration::from_secs(3);
