use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::renames::Naming;
use super::{Flow, Shared};

/// One connection through the proxy, as the proxy holds it.
#[derive(Debug)]
pub(super) struct Link {
    fate: watch::Sender<Fate>,
    subscribed: Arc<AtomicBool>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    /// Nothing comes back on it any more.
    Muted,
    /// The far side is closed, the near side is not told.
    HalfOpen,
    Cut,
}

/// Chunks that are under way in one direction.
const UNDER_WAY: usize = 64;
const CHUNK: usize = 16 << 10;

impl Link {
    /// The link, and what forwards its bytes until it ends.
    pub(super) fn between(
        near: TcpStream,
        far: TcpStream,
        shared: &Shared,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (fate, meets) = watch::channel(Fate::Lives);
        let subscribed = Arc::new(AtomicBool::new(false));
        let link = Self { fate, subscribed: Arc::clone(&subscribed) };
        let (flow_there, flow_back) = (shared.there.subscribe(), shared.back.subscribe());
        let naming = shared.renames.naming();
        let running = async move {
            let (mut near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            let there = Pipe { flow: flow_there, fate: None, subscribed: Some(subscribed), naming: None };
            let back = Pipe { flow: flow_back, fate: Some(meets.clone()), subscribed: None, naming };
            let (mut near_out, mut far_out, mut far_in) = (near_out, far_out, far_in);
            let end = {
                let there = there.run(&mut near_in, &mut far_out);
                let back = back.run(&mut far_in, &mut near_out);
                tokio::select! {
                    () = there => Fate::Cut,
                    () = back => Fate::Cut,
                    fate = ends(meets) => fate,
                }
            };
            drop((far_in, far_out));
            if end == Fate::HalfOpen {
                swallow(&mut near_in).await;
            }
        };
        (link, running)
    }

    pub(super) fn meets(&self, fate: Fate) {
        self.fate.send_replace(fate);
    }

    pub(super) fn lives(&self) -> bool {
        !self.fate.is_closed()
    }

    pub(super) fn has_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Relaxed)
    }
}

/// Returns when the link is to end.
async fn ends(mut fate: watch::Receiver<Fate>) -> Fate {
    match fate.wait_for(|fate| matches!(fate, Fate::HalfOpen | Fate::Cut)).await {
        Ok(fate) => *fate,
        // The proxy forgets a link only when it tells it its fate, or has not taken it at all.
        Err(_) => Fate::Cut,
    }
}

async fn swallow(near: &mut OwnedReadHalf) {
    let mut buffer = vec![0; CHUNK];
    while near.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// One direction of a link.
struct Pipe {
    flow: watch::Receiver<Flow>,
    /// Where the link's fate can hold it.
    fate: Option<watch::Receiver<Fate>>,
    /// Where to note that the bytes subscribe to something.
    subscribed: Option<Arc<AtomicBool>>,
    naming: Option<Naming>,
}

impl Pipe {
    /// Forwards until one end is closed.
    async fn run(self, from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) {
        let Self { flow, fate, subscribed, mut naming } = self;
        let (push, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
        let read = async move {
            loop {
                let mut chunk = Vec::with_capacity(CHUNK);
                if !from.read_buf(&mut chunk).await.is_ok_and(|count| count > 0) {
                    return;
                }
                if let Some(subscribed) = &subscribed
                    && chunk.windows(9).any(|bytes| bytes == b"SUBSCRIBE")
                {
                    subscribed.store(true, Ordering::Relaxed);
                }
                let chunk = match &mut naming {
                    Some(naming) => naming.rename(&chunk),
                    None => chunk,
                };
                if push.send((Instant::now(), chunk)).await.is_err() {
                    return;
                }
            }
        };
        let write = async move {
            let mut gate = Gate { flow, fate };
            while let Some((at, chunk)) = chunks.recv().await {
                gate.pass(at, chunk.len()).await;
                if to.write_all(&chunk).await.is_err() {
                    return;
                }
            }
            let _ = to.shutdown().await;
        };
        tokio::pin!(read, write);
        tokio::select! {
            () = &mut read => write.await,
            () = &mut write => {}
        }
    }
}

struct Gate {
    flow: watch::Receiver<Flow>,
    fate: Option<watch::Receiver<Fate>>,
}

impl Gate {
    /// Waits until bytes that came at this moment may go on.
    async fn pass(&mut self, at: Instant, bytes: usize) {
        loop {
            let muted = self.fate.as_ref().is_some_and(|fate| *fate.borrow() == Fate::Muted);
            let flow = *self.flow.borrow_and_update();
            let wait = async {
                match flow {
                    Flow::Held => std::future::pending().await,
                    _ if muted => std::future::pending().await,
                    Flow::Free => {}
                    Flow::Delayed(time) => sleep_until(at + time).await,
                    Flow::Slow(rate) => sleep(Duration::from_secs_f64(bytes as f64 / f64::from(rate))).await,
                }
            };
            tokio::select! {
                biased;
                () = wait => return,
                Ok(()) = self.flow.changed() => {}
                else => std::future::pending().await,
            }
        }
    }
}
