use std::fmt;
use std::time::Duration;

use crate::Way;

/// What is done to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; the node is started again later.
    NodeKilled(usize),
    /// SIGSTOP, and SIGCONT later.
    NodeFrozen(usize),
    /// SIGTERM; the node is started again when it has ended.
    NodeDrained(usize),
    /// Between all clients and one node.
    Clients(usize, Trouble),
    /// Between one node and all of Redis.
    Backbone(usize, Trouble),
    /// What a node subscribed to brings no more news, while Redis answers it.
    SubscriptionsMuted(usize),
    /// SIGKILL for a Redis without replicas, and an empty one in its place.
    RedisEmptied,
    /// SIGSTOP for the primary that has the first channel, and SIGCONT later.
    PrimaryFrozen,
    /// SIGKILL for that primary; a replica takes its place, and it comes back as a replica.
    PrimaryKilled,
    /// The same, while replicas are this late: what was acknowledged last is gone.
    FailedOverWithLag(Duration),
    /// SIGSTOP for a replica, and SIGCONT later.
    ReplicaFrozen,
    /// SIGKILL for a replica, which comes back empty.
    ReplicaKilled,
    /// Slots with channels in them move to other primaries.
    SlotsMoved,
    /// `SCRIPT FLUSH` at every primary.
    ScriptsFlushed,
    /// `CLIENT KILL` for every connection at every primary.
    ConnectionsKilled,
    /// Redis is full and refuses writes.
    MemoryFull,
    /// All clients' clocks are this much ahead from now on.
    ClocksJump(Duration),
}

/// What a network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Connections end.
    Cut,
    /// Connections end, and there are no new ones for a while.
    Refused,
    /// Nothing passes for a while, on old and new connections, and nobody is told.
    Blackholed(Way),
    /// The far side of all connections is gone, and the near side is not told; new ones are well.
    HalfOpen,
    /// Everything comes this much later.
    Delayed(Duration),
    /// So many bytes a second pass, on each connection.
    Slow(u32),
}

impl Fault {
    /// Its name in tables.
    pub fn kind(self) -> &'static str {
        match self {
            Self::NodeKilled(_) => "node killed",
            Self::NodeFrozen(_) => "node frozen",
            Self::NodeDrained(_) => "node drained",
            Self::Clients(_, trouble) => match trouble {
                Trouble::Cut => "clients' links cut",
                Trouble::Refused => "clients' links refused",
                Trouble::Blackholed(_) => "clients' links blackholed",
                Trouble::HalfOpen => "clients' links half open",
                Trouble::Delayed(_) => "clients' links delayed",
                Trouble::Slow(_) => "clients' links slow",
            },
            Self::Backbone(_, trouble) => match trouble {
                Trouble::Cut => "Redis links cut",
                Trouble::Refused => "Redis links refused",
                Trouble::Blackholed(_) => "Redis links blackholed",
                Trouble::HalfOpen => "Redis links half open",
                Trouble::Delayed(_) => "Redis links delayed",
                Trouble::Slow(_) => "Redis links slow",
            },
            Self::SubscriptionsMuted(_) => "subscriptions muted",
            Self::RedisEmptied => "Redis emptied",
            Self::PrimaryFrozen => "primary frozen",
            Self::PrimaryKilled => "primary killed",
            Self::FailedOverWithLag(_) => "failover with lag",
            Self::ReplicaFrozen => "replica frozen",
            Self::ReplicaKilled => "replica killed",
            Self::SlotsMoved => "slots moved",
            Self::ScriptsFlushed => "scripts flushed",
            Self::ConnectionsKilled => "connections killed",
            Self::MemoryFull => "memory full",
            Self::ClocksJump(_) => "clocks jump",
        }
    }

    /// Whether it is over as soon as it is done: what follows is recovery, also where its traces are removed later.
    pub fn is_a_blow(self) -> bool {
        match self {
            Self::NodeKilled(_)
            | Self::SubscriptionsMuted(_)
            | Self::PrimaryKilled
            | Self::FailedOverWithLag(_)
            | Self::ReplicaKilled
            | Self::ScriptsFlushed
            | Self::ConnectionsKilled
            | Self::ClocksJump(_) => true,
            Self::Clients(_, trouble) | Self::Backbone(_, trouble) => {
                matches!(trouble, Trouble::Cut | Trouble::HalfOpen)
            }
            Self::NodeFrozen(_)
            | Self::NodeDrained(_)
            | Self::RedisEmptied
            | Self::PrimaryFrozen
            | Self::SlotsMoved
            | Self::MemoryFull => false,
            Self::ReplicaFrozen => false,
        }
    }

    /// Whether a replica, where there are any, is to take over.
    pub fn calls_for_a_failover(self) -> bool {
        matches!(self, Self::PrimaryFrozen | Self::PrimaryKilled | Self::FailedOverWithLag(_))
    }

    /// How long after its end the promise allows until everything is delivered: much longer than it takes.
    pub fn within(self) -> Duration {
        Duration::from_secs(match self {
            Self::NodeKilled(_) => 5,
            Self::PrimaryKilled | Self::FailedOverWithLag(_) => 20,
            // A client notices a silent link after its node's heartbeat and 10 s.
            Self::Clients(_, Trouble::HalfOpen) => 20,
            Self::NodeFrozen(_)
            | Self::NodeDrained(_)
            | Self::Clients(..)
            | Self::Backbone(..)
            | Self::SubscriptionsMuted(_)
            | Self::RedisEmptied
            | Self::PrimaryFrozen
            | Self::ReplicaFrozen
            | Self::ReplicaKilled
            | Self::SlotsMoved
            | Self::ScriptsFlushed
            | Self::ConnectionsKilled
            | Self::MemoryFull
            | Self::ClocksJump(_) => 15,
        })
    }
}

impl fmt::Display for Fault {
    /// What its kind does not say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeKilled(node) | Self::NodeFrozen(node) | Self::NodeDrained(node) => {
                write!(f, "node {node}")
            }
            Self::SubscriptionsMuted(node) => write!(f, "node {node}"),
            Self::Clients(node, trouble) | Self::Backbone(node, trouble) => {
                write!(f, "node {node}")?;
                match trouble {
                    Trouble::Blackholed(Way::There) => write!(f, ", what is asked"),
                    Trouble::Blackholed(Way::Back) => write!(f, ", what is answered"),
                    Trouble::Delayed(time) => write!(f, ", by {time:?}"),
                    Trouble::Slow(rate) => write!(f, ", {rate} B/s"),
                    Trouble::Blackholed(Way::Both) | Trouble::Cut | Trouble::Refused | Trouble::HalfOpen => {
                        Ok(())
                    }
                }
            }
            Self::FailedOverWithLag(lag) => write!(f, "of {lag:?}"),
            Self::ClocksJump(by) => write!(f, "by {by:?}"),
            Self::RedisEmptied
            | Self::PrimaryFrozen
            | Self::PrimaryKilled
            | Self::ReplicaFrozen
            | Self::ReplicaKilled
            | Self::SlotsMoved
            | Self::ScriptsFlushed
            | Self::ConnectionsKilled
            | Self::MemoryFull => Ok(()),
        }
    }
}
