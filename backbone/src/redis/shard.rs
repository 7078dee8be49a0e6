use std::sync::Arc;

use tidewire_protocol::ChannelName;
use tokio::task::JoinSet;

use super::access::Access;
use super::cluster::Cluster;
use super::greeting::Kind;
use super::keys::Keys;
use super::primary::Primary;
use super::route::Route;
use super::sentinel::watch_primary;
use super::way::Way;
use super::{RedisAddress, RedisConfig, RedisTopology};
use crate::BackboneError;
use crate::outlet::Outlet;

/// One of the Redises over which channels are spread, whatever it is made of.
pub(super) enum Shard {
    /// One server has everything.
    Single(Primary),
    Cluster(Cluster),
}

impl Shard {
    /// Begins to connect.
    pub(super) fn new(
        address: &RedisAddress,
        config: &RedisConfig,
        keys: &Keys,
        outlet: &Arc<Outlet>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, BackboneError> {
        let access = Access::of(address, &config.tls)?;
        let route = match &address.topology {
            RedisTopology::Standalone(host) => Route::Fixed(access.client(host)?, Kind::Standalone),
            RedisTopology::Sentinel { sentinels, primary, login } => {
                let primary =
                    watch_primary(sentinels, primary, &access.as_other(login), config.timeout, tasks);
                Route::ToPrimary { access, primary }
            }
            RedisTopology::Cluster(seeds) => {
                return Ok(Self::Cluster(Cluster::new(seeds, access, config, keys, outlet, tasks)));
            }
        };
        Ok(Self::Single(Primary::new(&route, config, keys, None, outlet, tasks)))
    }

    /// The way for what changes a channel; what is given to it keeps its order.
    pub(super) fn publishing(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        match self {
            Self::Single(primary) => Ok(Way::Straight(primary.publishing.clone())),
            Self::Cluster(cluster) => cluster.publishing(channel),
        }
    }

    /// The way for a channel's publications; they keep their order. Where the namespace says so, replies wait until a
    /// replica has them.
    pub(super) fn appending(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        match self {
            Self::Single(primary) => Ok(Way::Straight(primary.appending(channel).clone())),
            Self::Cluster(cluster) => cluster.appending(channel),
        }
    }

    /// The way for what asks about a channel, beside what changes it.
    pub(super) fn reading(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        match self {
            Self::Single(primary) => Ok(Way::Straight(primary.reading.clone())),
            Self::Cluster(cluster) => cluster.reading(channel),
        }
    }

    /// As [`Backbone::listen`](crate::Backbone::listen).
    pub(super) async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        match self {
            Self::Single(primary) => primary.subscriptions.listen(channel).await,
            Self::Cluster(cluster) => cluster.listen(channel).await,
        }
    }

    /// As [`Backbone::unlisten`](crate::Backbone::unlisten).
    pub(super) async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        match self {
            Self::Single(primary) => primary.subscriptions.unlisten(channel).await,
            Self::Cluster(cluster) => cluster.unlisten(channel).await,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        match self {
            Self::Single(primary) => primary.is_up(),
            Self::Cluster(cluster) => cluster.is_up(),
        }
    }

    /// Returns once everything is up; fails where it cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        match self {
            Self::Single(primary) => primary.up().await,
            Self::Cluster(cluster) => cluster.up().await,
        }
    }
}
