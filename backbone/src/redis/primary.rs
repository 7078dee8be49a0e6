use std::sync::Arc;

use futures_util::future;
use tokio::task::JoinSet;

use super::RedisConfig;
use super::cluster::Part;
use super::commands::Commands;
use super::keys::Keys;
use super::route::Route;
use super::standing::Standing;
use super::subscriptions::Subscriptions;
use crate::BackboneError;
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
    /// Begins to connect; to a `part` of a cluster, or to the only one there is.
    pub(super) fn new(
        route: &Route,
        config: &RedisConfig,
        keys: &Keys,
        part: Option<Part>,
        outlet: &Arc<Outlet>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let commands = || Commands::new(route.clone(), config.timeout, config.queue, config.queue_bytes);
        let (publishing, publish) = commands();
        let (reading, read) = commands();
        let (subscriptions, subscribe) = Subscriptions::new(
            route.clone(),
            config.clone(),
            keys.clone(),
            [publishing.clone(), reading.clone()],
            part,
            Arc::clone(outlet),
        );
        tasks.spawn(publish);
        tasks.spawn(read);
        tasks.spawn(subscribe);
        Self { publishing, reading, subscriptions }
    }

    pub(super) fn is_up(&self) -> bool {
        self.standings().into_iter().all(Standing::is_up)
    }

    /// Returns once everything is up; fails where it cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        future::try_join_all(self.standings().map(Standing::up)).await.map(|_| ())
    }

    fn standings(&self) -> [&Standing; 3] {
        [self.publishing.standing(), self.reading.standing(), self.subscriptions.standing()]
    }
}
