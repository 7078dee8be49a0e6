use tidewire_protocol::{ChannelName, Payload, Position};
use tokio::sync::mpsc;

use crate::{Entry, PresenceChange};

/// What a backbone tells a node, in order. Dropping it ends the backbone's listening.
///
/// Bounded: a node that does not keep up makes the backbone wait or drop, and dropping is announced by
/// [`Arrival::Interrupted`].
pub type Arrivals = mpsc::Receiver<Arrival>;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A log took an entry.
    Published(ChannelName, Entry),
    /// A log took an entry that was too large to travel with the news: read it.
    Announced(ChannelName, Position),
    /// An ephemeral publication passes by.
    Ephemeral(ChannelName, EphemeralPublication),
    /// Somebody joined or left a channel.
    Presence(ChannelName, PresenceChange),
    /// News may have been missed: verify the positions.
    Interrupted(Interrupted),
}

/// An ephemeral publication: no position, no second copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EphemeralPublication {
    /// What was published.
    pub payload: Payload,
    /// The publisher's user.
    pub user: Option<String>,
}

/// Which channels are in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// All that the node listens to.
    All,
    /// These.
    Channels(Vec<ChannelName>),
}
