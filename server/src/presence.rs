//! Who is in the channels: this node's part of what all nodes tell each other.
//!
//! A channel's subscribers are its members. What changes is noted by the channel (`channel::attending`) and reported
//! to the backbone in batches (`reporting`); what that announces goes to those who watch (`channel::watching`). The
//! node renews one lease for all its members, and finds out from the others' whose have ended (`keeping`, `judge`).

pub(crate) mod judge;
pub(crate) mod keeping;
pub(crate) mod reading;
pub(crate) mod reporting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tidewire_backbone::Lease;
use tokio::sync::Notify;

use crate::channel::Channel;
use crate::clock::millis;
use crate::connection::ConnectionId;
use judge::Judge;
pub use reading::PresencePage;

/// What a node's channels and tasks share about who is where.
pub(crate) struct Register {
    node: u64,
    term: AtomicU32,
    /// Which leases have ended.
    pub(crate) judge: Mutex<Judge>,
    /// Channels that have something to report, each once.
    reports: Mutex<Vec<Arc<Channel>>>,
    reported: Notify,
    /// Told when news may have been missed.
    pub(crate) doubt: Notify,
    /// How many channels tell only counts.
    pub(crate) counting: AtomicUsize,
}

impl Register {
    pub(crate) fn new(lease: Duration) -> Self {
        Self {
            node: rand::random(),
            term: AtomicU32::new(1),
            judge: Mutex::new(Judge::new(millis(lease))),
            reports: Mutex::default(),
            reported: Notify::new(),
            doubt: Notify::new(),
            counting: AtomicUsize::new(0),
        }
    }

    /// Under what this node files its members now.
    pub(crate) fn lease(&self) -> Lease {
        Lease { node: self.node, term: self.term.load(Ordering::Acquire) }
    }

    /// Begins the next term.
    fn next_term(&self) -> Lease {
        self.term.fetch_add(1, Ordering::AcqRel);
        self.lease()
    }

    /// A connection's name, which no other has.
    pub(crate) fn name(&self, connection: ConnectionId) -> String {
        self.lease().connection(connection.0)
    }

    /// Takes a channel that has something to report, and is not under way already.
    pub(crate) fn report(&self, channel: Arc<Channel>) {
        self.reports.lock().push(channel);
        self.reported.notify_one();
    }

    fn take_reports(&self) -> Vec<Arc<Channel>> {
        std::mem::take(&mut *self.reports.lock())
    }
}
