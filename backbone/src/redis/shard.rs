use std::sync::Arc;

use tidewire_protocol::ChannelName;
use tokio::task::JoinSet;

use super::access::Access;
use super::commands::Commands;
use super::greeting::Kind;
use super::keys::Keys;
use super::primary::Primary;
use super::route::Route;
use super::sentinel::watch_primary;
use super::{RedisAddress, RedisConfig, RedisTopology};
use crate::BackboneError;
use crate::outlet::Outlet;

/// One of the Redises over which channels are spread, whatever it is made of.
pub(super) struct Shard {
    primary: Primary,
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
            RedisTopology::Cluster(_) => {
                return Err(BackboneError::Refused(format!("{address}: a cluster is not supported yet")));
            }
        };
        Ok(Self { primary: Primary::new(&route, config, keys, outlet, tasks) })
    }

    /// The link for what changes a channel; what is given to it keeps its order.
    pub(super) fn publishing(&self, _channel: &ChannelName) -> Result<Commands, BackboneError> {
        Ok(self.primary.publishing.clone())
    }

    /// The link for what asks about a channel, beside what changes it.
    pub(super) fn reading(&self, _channel: &ChannelName) -> Result<Commands, BackboneError> {
        Ok(self.primary.reading.clone())
    }

    /// As [`Backbone::listen`](crate::Backbone::listen).
    pub(super) async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.primary.subscriptions.listen(channel).await
    }

    /// As [`Backbone::unlisten`](crate::Backbone::unlisten).
    pub(super) async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.primary.subscriptions.unlisten(channel).await
    }

    pub(super) fn is_up(&self) -> bool {
        self.primary.is_up()
    }

    /// Returns once everything is up; fails where it cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        self.primary.up().await
    }
}
