//! One channel on one node: its ring, its subscribers, and whether its positions are known to be the log's.
//!
//! Everything here is synchronous and under one lock, except reading the log (`reading`, `sweeping`).

mod arriving;
mod attending;
mod catching_up;
mod joining;
mod reading;
mod ring;
mod subscriber;
mod sweeping;
mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tidewire_backbone::{Entry, Retention};
use tidewire_protocol::{Alias, ChannelName};
#[cfg(feature = "simulation")]
use tidewire_protocol::{PublisherId, Seq};
use tokio::sync::Notify;

use crate::connection::ConnectionId;
use crate::healing::{Healing, NEVER};
use crate::scope::Scope;
use attending::Attendance;
pub(crate) use attending::Notes;
pub(crate) use catching_up::catch_up;
pub(crate) use joining::{Joined, join};
use reading::Reads;
use ring::{Bounds, Ring};
use subscriber::Subscriber;
use sweeping::Wanted;
use watching::Watching;

/// A channel that has, or recently had, subscribers on this node.
pub(crate) struct Channel {
    pub(crate) name: ChannelName,
    pub(crate) alias: Alias,
    retention: Retention,
    /// What can be appended again where the log loses it.
    healing: Arc<Healing>,
    scope: Arc<Scope>,
    state: Mutex<State>,
    reads: Mutex<Reads>,
    /// `None` where nobody is told who is there.
    attendance: Option<Attendance>,
    watching: Mutex<Watching>,
    /// Told after each verification, also a failed one, and when the channel has left.
    changed: Notify,
}

struct State {
    stage: Stage,
    ring: Option<Ring>,
    /// In the order in which they connected, so that a world that is played again goes the same way.
    subscribers: BTreeMap<ConnectionId, Subscriber>,
    /// Arrivals since the verification began; bounded, and dropped with `again` where they would be too many.
    waiting: Vec<Entry>,
    /// Verify once more before settling.
    again: bool,
    listening: bool,
    wanted: Wanted,
    /// Verifications that have begun; the number of the last that was adopted; those that failed.
    begun: u64,
    done: u64,
    failures: u64,
    /// The last moment at which the ring's tip was known to be the log's.
    current: u64,
    /// When the log was last looked at.
    looked: u64,
    /// The node's time of the last join or leave.
    touched: u64,
}

/// Whether it is told who is in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Told,
    Untold,
}

/// What a channel knows of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing yet, or nothing any more.
    Unknown,
    /// A task verifies it; arrivals wait. A ring that is there goes on serving: those who begin from it now are
    /// rewound with the others where the log has gone back.
    Sweeping,
    /// The ring's tip is the log's, as far as arrivals tell.
    Settled,
    /// A task stops listening; whoever comes now waits for the channel's successor.
    Leaving,
    /// The hub has forgotten it.
    Left,
}

impl Channel {
    pub(crate) fn new(
        name: ChannelName,
        alias: Alias,
        healing: Arc<Healing>,
        scope: Arc<Scope>,
        presence: Presence,
        now: u64,
    ) -> Self {
        Self {
            name,
            alias,
            retention: healing.retention(),
            healing,
            scope,
            state: Mutex::new(State {
                stage: Stage::Unknown,
                ring: None,
                subscribers: BTreeMap::new(),
                waiting: Vec::new(),
                again: false,
                listening: false,
                wanted: Wanted::default(),
                begun: 0,
                done: 0,
                failures: 0,
                current: NEVER,
                looked: NEVER,
                touched: now,
            }),
            reads: Mutex::default(),
            attendance: (presence == Presence::Told).then(Attendance::default),
            watching: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Ends a connection's subscription.
    pub(crate) fn leave(self: &Arc<Self>, connection: ConnectionId, now: u64) {
        let mut state = self.state.lock();
        state.touched = now;
        if state.subscribers.remove(&connection).is_some() {
            self.unwatch(connection);
            self.leaves(connection);
        }
    }

    /// Somebody is about to join: do not leave now.
    pub(crate) fn touch(&self, now: u64) {
        self.state.lock().touched = now;
    }

    /// How many connections are subscribed.
    pub(crate) fn occupancy(&self) -> usize {
        self.state.lock().subscribers.len()
    }

    /// Begins to leave if nobody has been here since `before`; the caller then stops listening and calls
    /// [`Channel::left`].
    pub(crate) fn leave_if_deserted(&self, before: u64) -> bool {
        let mut state = self.state.lock();
        let at_rest = matches!(state.stage, Stage::Unknown | Stage::Settled);
        let deserted =
            at_rest && state.subscribers.is_empty() && state.touched < before && !self.is_to_report();
        if deserted {
            state.stage = Stage::Leaving;
            self.bequeath(&mut state);
        }
        deserted
    }

    /// The hub has forgotten the channel: whoever waited asks the hub again.
    pub(crate) fn left(&self) {
        self.state.lock().stage = Stage::Left;
        self.changed.notify_waiters();
    }

    /// Lets go of the ring. What the log may still lose goes on settling.
    fn bequeath(&self, state: &mut State) {
        if let Some(ring) = state.ring.take() {
            self.healing.inherit(ring.heard_after(None).map(|(entry, heard)| (entry.clone(), heard)));
        }
    }

    /// What the ring has, and for how many milliseconds yet it may be appended again.
    #[cfg(feature = "simulation")]
    pub(crate) fn kept(&self) -> Vec<(PublisherId, Seq, u64)> {
        let state = self.state.lock();
        let heard = state.ring.iter().flat_map(|ring| ring.heard_after(None));
        heard.map(|(entry, heard)| (entry.publisher, entry.seq, self.healing.is_young_for(heard))).collect()
    }

    fn bounds(&self) -> Bounds {
        let bytes = self.scope.limits.ring_bytes;
        match self.retention {
            Retention::None => Bounds { entries: 0, bytes: 0 },
            Retention::Log { entries, .. } => Bounds { entries: entries as usize, bytes },
        }
    }

    fn is_ephemeral(&self) -> bool {
        self.retention == Retention::None
    }
}
