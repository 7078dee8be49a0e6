use std::time::Duration;

use async_trait::async_trait;
use tidewire_protocol::ChannelName;

use crate::BackboneError;

/// Where the nodes of a cluster share who is in which channel; a part of a [`Backbone`](crate::Backbone).
///
/// What a node enters is filed under its lease. A node renews its lease, not its members: what that costs depends
/// on the nodes alone. The store never removes anybody by itself before [`PresenceStore::kept_for`]: nodes judge by
/// [`PresenceStore::renew`] which leases have ended, and [`PresenceStore::expel`] what was filed under them.
///
/// Every change of a channel is announced to all who listen to it as
/// [`Arrival::Presence`](crate::Arrival::Presence), in the order of the changes, those of one call together as far
/// as they fit; what changes nothing is not. An error means that nothing is known: all calls may be repeated.
#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Says that a lease's node is alive; begins the lease where there is none.
    async fn renew(&self, lease: Lease) -> Result<Renewed, BackboneError>;

    /// Files attendees under a lease, also those who were there under another; who is there already gets the
    /// information given now. With nobody, it only keeps what is there from running out.
    async fn enter(
        &self,
        channel: &ChannelName,
        lease: Lease,
        attendees: &[Attendee],
    ) -> Result<Crowd, BackboneError>;

    /// Removes connections, whatever lease they are filed under.
    async fn leave(&self, channel: &ChannelName, connections: &[String]) -> Result<Crowd, BackboneError>;

    /// Removes all that is still filed under a lease; answers how many that were.
    async fn expel(&self, channel: &ChannelName, lease: Lease) -> Result<usize, BackboneError>;

    /// Who is there: at most `limit`, in the order of their connections' names, those after `after`.
    async fn present(
        &self,
        channel: &ChannelName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Present, BackboneError>;

    /// How long at least a channel's attendees are kept after the last [`PresenceStore::enter`] or
    /// [`PresenceStore::leave`] there.
    fn kept_for(&self) -> Duration;
}

/// A time in which a node answers for what it enters. A node that lost one, or doubts what was kept of it, begins
/// the next: so what is left behind under the old one can be told from what it holds on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// Which node: random, no other has it, also not the same machine's next.
    pub node: u64,
    /// Which of its leases.
    pub term: u32,
}

impl Lease {
    /// The name of one of the node's connections, as everybody knows it.
    pub fn connection(&self, number: u64) -> String {
        format!("{:016x}-{number}", self.node)
    }
}

/// What a node learns when it renews its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// How long ago the lease was renewed before; `None` where it begins now.
    pub before: Option<Duration>,
    /// All leases that are or lately were, and how long ago each was renewed. Of those that are not among them the
    /// store has not heard for an hour.
    pub leases: Vec<(Lease, Duration)>,
}

/// One connection in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendee {
    /// Its name: [`Lease::connection`].
    pub connection: String,
    /// Its user; `None` is anonymous, and counts as a user of its own.
    pub user: Option<String>,
    /// What the application says of it.
    pub info: Option<String>,
}

/// How many are in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections.
    pub connections: u64,
    /// Users; each anonymous connection is one.
    pub users: u64,
}

/// What is known of all who are in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// How many they are.
    pub counts: Counts,
    /// The leases under which they are filed.
    pub leases: Vec<Lease>,
}

/// A page of those who are in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// They, in the order of their connections' names.
    pub attendees: Vec<Attendee>,
    /// There are more.
    pub more: bool,
    /// Of all pages.
    pub crowd: Crowd,
}

/// What changed in a channel, in one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceChange {
    /// Who is there now, or is there with other information.
    pub joined: Vec<Attendee>,
    /// Who is there no more.
    pub left: Vec<Attendee>,
    /// How many are there after it.
    pub counts: Counts,
}
