use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future;
use tidewire_protocol::ChannelName;
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
    /// For publications that a replica must have before they are acknowledged, and the namespaces of these.
    replicating: Option<(Commands, HashSet<String>)>,
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
        let (publishing, publish) = Commands::new(route.clone(), config);
        let (reading, read) = Commands::new(route.clone(), config);
        let mut companions = vec![publishing.clone(), reading.clone()];
        let mut replicating = None;
        if !config.replicated.is_empty() {
            let (commands, replicate) = Commands::replicating(route.clone(), config);
            tasks.spawn(replicate);
            companions.push(commands.clone());
            replicating = Some((commands, config.replicated.clone()));
        }
        let (subscriptions, subscribe) = Subscriptions::new(
            route.clone(),
            config.clone(),
            keys.clone(),
            companions,
            part,
            Arc::clone(outlet),
        );
        tasks.spawn(publish);
        tasks.spawn(read);
        tasks.spawn(subscribe);
        Self { publishing, replicating, reading, subscriptions }
    }

    /// The link for a channel's publications; what is given to it keeps its order.
    pub(super) fn appending(&self, channel: &ChannelName) -> &Commands {
        match &self.replicating {
            Some((replicating, namespaces)) if namespaces.contains(channel.namespace()) => replicating,
            Some(_) | None => &self.publishing,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.standings().all(Standing::is_up)
    }

    /// Returns once everything is up; fails where it cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        future::try_join_all(self.standings().map(Standing::up)).await.map(|_| ())
    }

    fn standings(&self) -> impl Iterator<Item = &Standing> {
        let replicating = self.replicating.as_ref().map(|(replicating, _)| replicating.standing());
        let others = [self.publishing.standing(), self.reading.standing(), self.subscriptions.standing()];
        others.into_iter().chain(replicating)
    }
}
