use std::sync::Arc;

use tidewire_protocol::ChannelName;
use tokio::task::JoinSet;

use super::access::Access;
use super::commands::Commands;
use super::keys::Keys;
use super::subscriptions::Subscriptions;
use super::{RedisAddress, RedisConfig, RedisTopology};
use crate::BackboneError;
use crate::outlet::Outlet;

/// One of the Redises over which channels are spread, whatever it is made of.
pub(super) struct Shard {
    pub(super) publishing: Commands,
    pub(super) reading: Commands,
    pub(super) subscriptions: Subscriptions,
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
        let access = Access::of(address)?;
        let client = match &address.topology {
            RedisTopology::Standalone(host) => access.client(host)?,
            RedisTopology::Sentinel { .. } | RedisTopology::Cluster(_) => {
                return Err(BackboneError::Refused(format!(
                    "{address}: of Redis only one server is supported yet"
                )));
            }
        };
        let commands = || Commands::new(client.clone(), config.timeout, config.queue, config.queue_bytes);
        let (publishing, publish) = commands();
        let (reading, read) = commands();
        let (subscriptions, subscribe) = Subscriptions::new(
            client.clone(),
            config.clone(),
            keys.clone(),
            publishing.clone(),
            Arc::clone(outlet),
        );
        tasks.spawn(publish);
        tasks.spawn(read);
        tasks.spawn(subscribe);
        Ok(Self { publishing, reading, subscriptions })
    }

    /// The link for what changes a channel; what is given to it keeps its order.
    pub(super) fn publishing(&self, _channel: &ChannelName) -> Result<&Commands, BackboneError> {
        Ok(&self.publishing)
    }

    /// The link for what asks about a channel, beside what changes it.
    pub(super) fn reading(&self, _channel: &ChannelName) -> Result<&Commands, BackboneError> {
        Ok(&self.reading)
    }

    pub(super) fn is_up(&self) -> bool {
        self.publishing.is_up() && self.reading.is_up() && self.subscriptions.is_up()
    }

    /// Returns once everything is up.
    pub(super) async fn up(&self) {
        self.publishing.up().await;
        self.reading.up().await;
        self.subscriptions.up().await;
    }
}
