use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

use super::Outcome;

/// The way from a client's requests to its connection. Requests are numbered 1, 2, 3 …: one that comes twice, as
/// browsers repeat some by themselves, counts once, and none can overtake another.
pub(crate) struct Up {
    queue: mpsc::Sender<Bytes>,
    last: Mutex<u64>,
}

/// What the connection reads of it.
pub(crate) struct Uploads {
    queue: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Up {
    /// The two ends. At most [`WAITING`] requests wait; the next is answered when there is room.
    pub(crate) fn new() -> (Self, Uploads) {
        let (queue, uploads) = mpsc::channel(WAITING);
        (Self { queue, last: Mutex::new(0) }, Uploads { queue: uploads, rest: Bytes::new() })
    }

    /// Hands on what the request of a number brings, once there is room.
    pub(crate) async fn take(&self, number: u64, bytes: Bytes) -> Outcome {
        let Ok(place) = self.queue.reserve().await else { return Outcome::Gone };
        let mut last = self.last.lock();
        if number == *last && number > 0 {
            return Outcome::Taken;
        }
        if number != *last + 1 {
            return Outcome::OutOfStep;
        }
        *last = number;
        // An empty piece would read as the end.
        if !bytes.is_empty() {
            place.send(bytes);
        }
        Outcome::Taken
    }
}

impl AsyncRead for Uploads {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            self.rest = ready!(self.queue.poll_recv(cx)).unwrap_or_default();
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..count]);
        self.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// Bytes of one request.
pub(crate) const UP_BYTES: usize = 64 << 10;
const WAITING: usize = 1;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn requests_are_taken_once_each_and_in_their_order() {
        let (up, mut uploads) = Up::new();
        let reading = tokio::spawn(async move {
            let mut read = Vec::new();
            uploads.read_to_end(&mut read).await.map(|_| read)
        });
        for (number, bytes, outcome) in [
            (0, "none", Outcome::OutOfStep),
            (2, "early", Outcome::OutOfStep),
            (1, "a", Outcome::Taken),
            (1, "a", Outcome::Taken),
            (2, "", Outcome::Taken),
            (3, "bc", Outcome::Taken),
            (2, "late", Outcome::OutOfStep),
        ] {
            assert_eq!(up.take(number, bytes.into()).await, outcome, "{number}");
        }
        drop(up);
        assert_eq!(reading.await.expect("no panic").expect("bytes"), b"abc");
    }

    #[tokio::test]
    async fn a_connection_that_has_ended_takes_nothing() {
        let (up, uploads) = Up::new();
        drop(uploads);
        assert_eq!(up.take(1, "a".into()).await, Outcome::Gone);
    }
}
