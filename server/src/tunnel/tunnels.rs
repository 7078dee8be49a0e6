use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tidewire_protocol::ChannelName;
use tokio::sync::{OnceCell, Semaphore, oneshot};

use super::{NodeKey, Outcome, Tunnel, TunnelId};

/// A node's tunnels, and its questions to nodes that have others.
pub(crate) struct Tunnels {
    pub(super) key: NodeKey,
    /// Where other nodes reach this one; `None` cannot be, as the name is made of digits.
    pub(super) inbox: Option<ChannelName>,
    /// Listens there since.
    pub(super) listens: OnceCell<()>,
    /// Requests that may wait for another node at one time, and the same of those that come from others.
    pub(super) asking: Semaphore,
    pub(super) asked: Arc<Semaphore>,
    here: Mutex<HashMap<u128, Arc<Tunnel>>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    last: AtomicU64,
}

impl Tunnels {
    /// None yet; at most `forwards` requests wait for other nodes at one time.
    pub(crate) fn new(forwards: usize) -> Self {
        let key = NodeKey(rand::random());
        Self {
            key,
            inbox: super::forwarding::inbox_of(key),
            listens: OnceCell::new(),
            asking: Semaphore::new(forwards),
            asked: Arc::new(Semaphore::new(forwards)),
            here: Mutex::default(),
            waiting: Mutex::default(),
            last: AtomicU64::new(0),
        }
    }

    /// A name for a new tunnel of this node.
    pub(crate) fn name(&self) -> TunnelId {
        TunnelId::random(self.key)
    }

    /// Makes a tunnel known until what this returns is dropped.
    pub(crate) fn register(self: &Arc<Self>, id: TunnelId, tunnel: Tunnel) -> Registered {
        self.here.lock().insert(id.secret, Arc::new(tunnel));
        Registered { tunnels: self.clone(), secret: id.secret }
    }

    pub(super) fn find(&self, secret: u128) -> Option<Arc<Tunnel>> {
        self.here.lock().get(&secret).cloned()
    }

    /// A ticket under which another node answers.
    pub(super) fn wait(&self) -> (u64, oneshot::Receiver<Outcome>) {
        let ticket = self.last.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.waiting.lock().insert(ticket, tell);
        (ticket, told)
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, ticket: u64) {
        self.waiting.lock().remove(&ticket);
    }

    /// Another node answers.
    pub(super) fn tell(&self, ticket: u64, outcome: Outcome) {
        if let Some(tell) = self.waiting.lock().remove(&ticket) {
            // Who asked may have gone meanwhile.
            let _ = tell.send(outcome);
        }
    }
}

/// A tunnel's place among those of its node.
pub(crate) struct Registered {
    tunnels: Arc<Tunnels>,
    secret: u128,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(tunnel) = self.tunnels.here.lock().remove(&self.secret) {
            tunnel.down.leave();
        }
    }
}
