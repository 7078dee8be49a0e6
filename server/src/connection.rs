//! One client's link to this node: what the rest of the node sees of it. Its task is in `driver`.

mod driver;
mod fragments;
mod goodbye;
mod incoming;
mod rate;
mod shared;
mod wire;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::Context;
use std::time::Duration;

use parking_lot::Mutex;
use tidewire_protocol::{Codec, PublisherId, ServerFrame};

use crate::clock::{Clock, millis};
use crate::frame::encoded;
use crate::node::Inner;
use crate::outbox::{Next, Outbox};
use crate::socket::WriteHalf;
use crate::{Credentials, Identity};
pub(crate) use driver::Driver;
pub(crate) use shared::SharedSocket;

/// A connection's number on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// What a connection's task shares with the hub, the ticker and the node's handle.
///
/// In the order that is written here: see [`Outbox`].
#[repr(C)]
pub(crate) struct Connection {
    pub(crate) outbox: Outbox,
    pub(crate) activity: Activity,
    pub(crate) id: ConnectionId,
    pub(crate) clock: Clock,
    /// What the client showed at the door, without its token.
    pub(crate) door: Box<Credentials>,
    greeted: Mutex<Option<Greeted>>,
}

/// Who a connection is, after its hello.
#[derive(Clone)]
pub(crate) struct Greeted {
    pub(crate) identity: Arc<Identity>,
    pub(crate) publisher: Option<PublisherId>,
}

/// When things last happened, in the node's time; 0 is never.
#[repr(C)]
pub(crate) struct Activity {
    /// Something was written to the client.
    pub(crate) said: AtomicU64,
    /// Deliveries may wait for so many milliseconds after that.
    every: AtomicU32,
    pub(crate) opened: u64,
    /// Something came from the client.
    pub(crate) heard: AtomicU64,
    /// A ping was queued.
    pub(crate) pinged: AtomicU64,
    /// A message began whose end has not come yet.
    pub(crate) assembling: AtomicU64,
    /// The token is good until then, and some grace.
    pub(crate) token_ends: AtomicU64,
    /// Then the client is asked to move.
    pub(crate) grows_old: u64,
    /// It was asked to.
    pub(crate) asked_to_move: AtomicBool,
}

impl Connection {
    /// A new one of the node, over what is open.
    pub(crate) fn open(
        node: &Inner,
        socket: WriteHalf,
        codec: Codec,
        id: ConnectionId,
        door: Credentials,
    ) -> Arc<Self> {
        let outbox = Outbox::new(node.settings.limits.outbox_bytes, codec, socket);
        let lifetime = node.settings.connection_age.map(lifetime);
        let connection = Arc::new(Self::new(id, outbox, node.clock, door, lifetime));
        node.connections.insert(connection.clone());
        metrics::counter!("tidewire_connections_total").increment(1);
        connection
    }

    pub(crate) fn new(
        id: ConnectionId,
        outbox: Outbox,
        clock: Clock,
        door: Credentials,
        lifetime: Option<u64>,
    ) -> Self {
        let now = clock.now();
        let activity = Activity {
            opened: now,
            heard: now.into(),
            said: now.into(),
            every: 0.into(),
            pinged: 0.into(),
            assembling: 0.into(),
            token_ends: 0.into(),
            grows_old: lifetime.map_or(0, |lifetime| now.saturating_add(lifetime)),
            asked_to_move: false.into(),
        };
        Self { outbox, activity, id, clock, door: Box::new(door), greeted: Mutex::default() }
    }

    /// How its frames are encoded.
    pub(crate) fn codec(&self) -> Codec {
        self.outbox.codec()
    }

    /// Queues an answer.
    pub(crate) fn say(&self, frame: &ServerFrame) {
        self.outbox.push(encoded(self.codec(), frame));
    }

    /// From now on deliveries may wait so long for others, which go with them; none waits any more for what was wanted
    /// before.
    pub(crate) fn coalesce(&self, every_ms: u32) {
        self.activity.every.store(every_ms.min(MOST_COALESCED_MS), Ordering::Relaxed);
        self.outbox.hand_over();
    }

    /// Writes what was queued in a batch, from any task; or says when that is due, where the client wants to be woken
    /// less often.
    pub(crate) fn flush(&self, now: u64) -> Option<u64> {
        let every = self.activity.every.load(Ordering::Relaxed);
        if every > 0 {
            let due = self.activity.said.load(Ordering::Relaxed) + u64::from(every);
            if now < due && !self.outbox.is_ripe() {
                return Some(due);
            }
        }
        self.activity.said.store(now, Ordering::Relaxed);
        self.outbox.flush();
        None
    }

    /// Writes what is queued, from the connection's task.
    fn write(&self, cx: &mut Context<'_>) -> io::Result<Next> {
        if self.outbox.holds_any() {
            self.activity.said.store(self.clock.now(), Ordering::Relaxed);
        }
        self.outbox.advance(cx)
    }

    /// Who this is; `None` before hello.
    pub(crate) fn greeted(&self) -> Option<Greeted> {
        self.greeted.lock().clone()
    }

    /// Sets who this is, and until when that is good.
    pub(crate) fn greet(&self, greeted: Greeted, token_ends: u64) {
        self.activity.token_ends.store(token_ends, Ordering::Relaxed);
        *self.greeted.lock() = Some(greeted);
    }

    /// Whether hello was accepted.
    pub(crate) fn is_greeted(&self) -> bool {
        self.greeted.lock().is_some()
    }

    /// Whether this is that user's.
    pub(crate) fn is_of(&self, user: &str) -> bool {
        self.greeted.lock().as_ref().is_some_and(|greeted| greeted.identity.user.as_deref() == Some(user))
    }
}

/// A client that wants deliveries less often than this has other ways.
const MOST_COALESCED_MS: u32 = 1000;

/// Whether there may be more to do now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moved {
    Yes,
    No,
}

/// Milliseconds until a connection is asked to move: those that came together do not go together.
fn lifetime(age: Duration) -> u64 {
    let most = millis(age);
    rand::random_range(most - most / 4..=most)
}
