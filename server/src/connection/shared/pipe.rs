use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};

use super::wire::put_frame;

/// What came over a shared socket for one of its connections and was not read by it yet. When it is dropped, the
/// connection has no peer any more.
///
/// Overflow policy: it holds at most its limit and one message; what has no room must wait.
pub(super) struct Pipe {
    state: Arc<Mutex<State>>,
    limit: usize,
}

/// What the connection reads of it.
pub(super) struct PipeEnd(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    read: usize,
    is_over: bool,
    reader: Option<Waker>,
}

impl Pipe {
    /// The two ends.
    pub(super) fn new(limit: usize) -> (Self, PipeEnd) {
        let state = Arc::<Mutex<State>>::default();
        (Self { state: state.clone(), limit }, PipeEnd(state))
    }

    /// Whether there is room for a message.
    pub(super) fn has_room(&self) -> bool {
        let state = self.state.lock();
        state.bytes.len() - state.read < self.limit
    }

    /// Hands on a message of the client.
    pub(super) fn put(&self, message: &[u8]) {
        let mut state = self.state.lock();
        state.forget_read();
        put_frame(&mut state.bytes, message);
        state.wake();
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.is_over = true;
        state.wake();
    }
}

impl State {
    /// A connection that is always a little behind never empties it: what it has read must go all the same.
    fn forget_read(&mut self) {
        if self.read > self.bytes.len() / 2 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for PipeEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        let state = &mut *state;
        let unread = &state.bytes[state.read..];
        if unread.is_empty() && !state.is_over {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread[..count]);
        state.read += count;
        if state.read == state.bytes.len() {
            // An idle connection keeps no buffer.
            (state.bytes, state.read) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn messages_are_read_as_frames_until_the_peer_is_gone() {
        let (pipe, mut end) = Pipe::new(8);
        pipe.put(b"one");
        pipe.put(&[7; 300]);
        assert!(!pipe.has_room());
        let mut head = [0; 9];
        end.read_exact(&mut head).await.expect("a frame");
        assert_eq!(&head, b"\x82\x83\0\0\0\0one");
        drop(pipe);
        let mut rest = Vec::new();
        end.read_to_end(&mut rest).await.expect("an end");
        assert_eq!((&rest[..8], rest.len()), (&[0x82, 0xfe, 1, 44, 0, 0, 0, 0][..], 308));
    }

    #[tokio::test]
    async fn a_reader_that_is_always_behind_does_not_make_it_grow() {
        let (pipe, mut end) = Pipe::new(1024);
        pipe.put(&[0; 94]);
        let mut hundred = [0; 100];
        for round in 0..1000 {
            pipe.put(&[round as u8; 94]);
            end.read_exact(&mut hundred).await.expect("a frame");
        }
        assert!(pipe.state.lock().bytes.capacity() < 1024);
    }

    #[tokio::test]
    async fn who_waits_for_a_message_is_woken() {
        let (pipe, mut end) = Pipe::new(8);
        let mut byte = [0];
        assert!(end.read_exact(&mut byte).now_or_never().is_none());
        let reading = tokio::spawn(async move { end.read_exact(&mut byte).await.map(|_| byte) });
        tokio::task::yield_now().await;
        pipe.put(b"");
        assert_eq!(reading.await.expect("no panic").expect("a byte"), [0x82]);
    }
}
