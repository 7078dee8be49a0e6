use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::AsyncWrite;

use super::Outcome;

/// The way from a connection to its client's requests: one response that goes on, or one after the other.
///
/// Bounded: at its limit it takes no more, and the connection's outbox fills as with a socket that is not read.
#[derive(Clone)]
pub(crate) struct Down(Arc<Mutex<State>>);

/// What the connection writes to.
pub(crate) struct Downloads(Down);

struct State {
    limit: usize,
    /// Said, and not known to have arrived.
    bytes: BytesMut,
    /// How many bytes have arrived, all before `bytes`.
    arrived: u64,
    /// How many of `bytes` the last response had.
    handed: usize,
    /// Counts the requests: only the newest is answered.
    turn: u64,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The connection has ended.
    is_over: bool,
    /// Nobody will fetch any more.
    is_left: bool,
}

impl Down {
    /// The two ends, with what is said before the connection says anything. It holds at most the limit and one write.
    pub(crate) fn new(limit: usize, first: &[u8]) -> (Self, Downloads) {
        let state = State {
            limit,
            bytes: first.into(),
            arrived: 0,
            handed: 0,
            turn: 0,
            reader: None,
            writer: None,
            is_over: false,
            is_left: false,
        };
        let down = Self(Arc::new(Mutex::new(state)));
        (down.clone(), Downloads(down))
    }

    /// What comes after so many bytes that have arrived, once there is something; nothing after `patience`. What was
    /// given before and has not arrived is given again.
    pub(crate) async fn after(&self, arrived: u64, patience: Duration) -> Outcome {
        let turn = match self.0.lock().begin(arrived) {
            Ok(turn) => turn,
            Err(outcome) => return outcome,
        };
        let says = poll_fn(|cx| self.0.lock().poll_response(cx, turn));
        match tokio::time::timeout(patience, says).await {
            Ok(outcome) => outcome,
            Err(_) if self.0.lock().turn == turn => Outcome::Says(Bytes::new()),
            Err(_) => Outcome::OutOfStep,
        }
    }

    /// The next piece of the response that goes on; `None` at the end.
    pub(crate) fn poll_piece(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.0.lock();
        if !state.bytes.is_empty() {
            let piece = state.bytes.split().freeze();
            state.make_room();
            return Poll::Ready(Some(piece));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nobody will fetch any more: to the connection its peer is gone.
    pub(crate) fn leave(&self) {
        let mut state = self.0.lock();
        state.is_left = true;
        state.make_room();
    }
}

impl State {
    /// A request comes, from a client to which so much has arrived.
    fn begin(&mut self, arrived: u64) -> Result<u64, Outcome> {
        let handed = self.handed as u64;
        if arrived == self.arrived + handed {
            let _ = self.bytes.split_to(self.handed);
            (self.arrived, self.handed) = (arrived, 0);
            self.make_room();
        } else if arrived != self.arrived {
            return Err(Outcome::OutOfStep);
        }
        self.turn += 1;
        // Whoever waits already is told that another has come.
        wake(&mut self.reader);
        Ok(self.turn)
    }

    fn poll_response(&mut self, cx: &Context<'_>, turn: u64) -> Poll<Outcome> {
        if turn != self.turn {
            return Poll::Ready(Outcome::OutOfStep);
        }
        if self.handed > 0 || !self.bytes.is_empty() {
            // The same again, where it did not arrive.
            if self.handed == 0 {
                self.handed = self.bytes.len();
            }
            return Poll::Ready(Outcome::Says(Bytes::copy_from_slice(&self.bytes[..self.handed])));
        }
        if self.is_over {
            return Poll::Ready(Outcome::Gone);
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn make_room(&mut self) {
        // An idle connection keeps no buffer.
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
        wake(&mut self.writer);
    }
}

impl AsyncWrite for Downloads {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.0.lock();
        if state.is_left {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if state.bytes.len() >= state.limit {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.bytes.extend_from_slice(bytes);
        wake(&mut state.reader);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.is_over = true;
        wake(&mut state.reader);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::AsyncWriteExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn says(text: &'static str) -> Outcome {
        Outcome::Says(text.into())
    }

    #[tokio::test]
    async fn what_did_not_arrive_is_said_again_and_what_did_is_not() {
        let (down, mut downloads) = Down::new(8, b"id");
        assert_eq!(down.after(0, LONG).await, says("id"));
        downloads.write_all(b"one").await.expect("room");
        assert_eq!(down.after(0, LONG).await, says("id"));
        assert_eq!(down.after(2, LONG).await, says("one"));
        assert_eq!(down.after(0, LONG).await, Outcome::OutOfStep);
        assert_eq!(down.after(5, Duration::ZERO).await, says(""));
        assert_eq!(down.after(6, LONG).await, Outcome::OutOfStep);
        downloads.write_all(b"end").await.expect("room");
        drop(downloads);
        assert_eq!(down.after(5, LONG).await, says("end"));
        assert_eq!(down.after(8, LONG).await, Outcome::Gone);
    }

    #[tokio::test]
    async fn of_two_requests_that_wait_the_newer_is_answered() {
        let (down, mut downloads) = Down::new(8, b"");
        let mut older = Box::pin(down.after(0, LONG));
        assert!((&mut older).now_or_never().is_none());
        let mut newer = Box::pin(down.after(0, LONG));
        assert!((&mut newer).now_or_never().is_none());
        assert_eq!(older.await, Outcome::OutOfStep);
        downloads.write_all(b"one").await.expect("room");
        assert_eq!(newer.await, says("one"));
    }

    #[tokio::test]
    async fn at_its_limit_it_takes_no_more_until_what_it_gave_has_arrived() {
        let (down, mut downloads) = Down::new(4, b"");
        downloads.write_all(b"12345").await.expect("room");
        assert!(downloads.write(b"6").now_or_never().is_none());
        assert_eq!(down.after(0, LONG).await, says("12345"));
        assert!(downloads.write(b"6").now_or_never().is_none());
        assert_eq!(down.after(5, Duration::ZERO).await, says(""));
        downloads.write_all(b"6").await.expect("room");
        down.leave();
        assert!(downloads.write(b"7").await.is_err());
    }
}
