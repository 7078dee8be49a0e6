use tidewire_protocol::{Alias, ChannelName, PublisherId};

use super::liveness::Liveness;
use super::table::Table;
use crate::{LinkId, Status, Timestamp};

/// A link and what its node calls the channels.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) aliases: Table<Alias, ChannelName>,
    /// Who publishes on it, where a publish does not say otherwise.
    pub(super) publisher: PublisherId,
}

impl Link {
    pub(super) const fn new(id: LinkId, publisher: PublisherId) -> Self {
        Self { id, aliases: Table::new(), publisher }
    }
}

/// A link on which the server has welcomed us.
#[derive(Debug)]
pub(super) struct LiveLink {
    pub(super) link: Link,
    pub(super) liveness: Liveness,
    pub(super) welcomed: Timestamp,
    /// When to move to another node, where this one said that it goes.
    pub(super) handover: Timestamp,
    pub(super) connection: String,
    pub(super) node: String,
    pub(super) user: Option<String>,
}

impl LiveLink {
    pub(super) fn status(&self) -> Status {
        Status::Live { connection: self.connection.clone(), node: self.node.clone(), user: self.user.clone() }
    }
}
