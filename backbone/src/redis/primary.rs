use std::sync::Arc;

use redis::Client;
use tokio::task::JoinSet;

use super::RedisConfig;
use super::commands::Commands;
use super::keys::Keys;
use super::subscriptions::Subscriptions;
use crate::outlet::Outlet;

/// The links to one server that takes writes.
pub(super) struct Primary {
    /// For what changes a channel; what is given to it keeps its order.
    pub(super) publishing: Commands,
    /// For what asks about a channel, beside what changes it.
    pub(super) reading: Commands,
    pub(super) subscriptions: Subscriptions,
}

impl Primary {
    /// Begins to connect.
    pub(super) fn new(
        client: &Client,
        config: &RedisConfig,
        keys: &Keys,
        outlet: &Arc<Outlet>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
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
        Self { publishing, reading, subscriptions }
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
