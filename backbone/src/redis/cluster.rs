//! A Redis Cluster: for each primary the links to it, and a map of who has which channel.

mod crossing;
mod listening;
mod map;
mod part;
mod routes;
mod slot;
mod wanted;
mod watcher;

pub(super) use crossing::Crossing;
pub(super) use part::Part;
pub(super) use slot::slot;

use std::sync::Arc;

use futures_util::future;
use tidewire_protocol::ChannelName;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::access::Access;
use super::commands::Commands;
use super::keys::Keys;
use super::primary::Primary;
use super::refusal::{down, unavailable};
use super::way::Way;
use super::{RedisConfig, RedisHost};
use crate::BackboneError;
use crate::outlet::Outlet;
use listening::Listening;
use routes::Routes;
use wanted::{Begun, Wanted};
use watcher::Watcher;

/// The links to all primaries of a cluster.
///
/// What a primary refuses because a channel is elsewhere by now, or on its way, fails as unavailable and makes the
/// map anew; nothing is sent again in here, where it could overtake. Whoever publishes again does so with the same
/// seq.
pub(super) struct Cluster {
    keys: Keys,
    routes: watch::Receiver<Arc<Routes>>,
    wanted: Arc<Wanted>,
    /// Something did not fit the map.
    doubts: Arc<Notify>,
}

impl Cluster {
    /// Begins to look for the cluster; `seeds` are some of its servers.
    pub(super) fn new(
        seeds: &[RedisHost],
        access: Access,
        config: &RedisConfig,
        keys: &Keys,
        outlet: &Arc<Outlet>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (adopt, routes) = watch::channel(Arc::new(Routes::none()));
        let doubts = Arc::new(Notify::new());
        let wanted = Arc::new(Wanted::default());
        let watcher = Watcher {
            seeds: seeds.to_vec(),
            access,
            config: config.clone(),
            keys: keys.clone(),
            outlet: Arc::clone(outlet),
            wanted: Arc::clone(&wanted),
            doubts: Arc::clone(&doubts),
            adopt,
        };
        tasks.spawn(watcher.run());
        let listening = Listening {
            keys: keys.clone(),
            wanted: Arc::clone(&wanted),
            routes: routes.clone(),
            outlet: Arc::clone(outlet),
            doubts: Arc::clone(&doubts),
        };
        tasks.spawn(listening.run());
        Self { keys: keys.clone(), routes, wanted, doubts }
    }

    /// The way for what changes a channel.
    pub(super) fn publishing(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        self.way(channel, |primary| &primary.publishing)
    }

    /// The way for a channel's publications.
    pub(super) fn appending(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        self.way(channel, |primary| primary.appending(channel))
    }

    /// The way for what asks about a channel.
    pub(super) fn reading(&self, channel: &ChannelName) -> Result<Way, BackboneError> {
        self.way(channel, |primary| &primary.reading)
    }

    fn way(&self, channel: &ChannelName, link: impl Fn(&Primary) -> &Commands) -> Result<Way, BackboneError> {
        let routes = self.routes.borrow();
        let slot = self.keys.slot(channel);
        if let Some(crossing) = routes.crossings.get(&slot) {
            return Ok(Way::Across(Arc::clone(crossing), channel.clone()));
        }
        match routes.of_slot(slot) {
            Some((_, primary)) => Ok(Way::Straight(link(primary).clone())),
            None => Err(self.unknown()),
        }
    }

    /// As [`Backbone::listen`](crate::Backbone::listen).
    pub(super) async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        let place = self
            .routes
            .borrow()
            .of_slot(self.keys.slot(channel))
            .map(|(host, primary)| (host.clone(), Arc::clone(primary)));
        let Some((host, primary)) = place else { return Err(self.unknown()) };
        let asked = match self.wanted.begin(channel, &host) {
            Begun::Already => return Ok(()),
            Begun::Asked(asked) => asked,
        };
        let outcome = primary.subscriptions.listen(channel).await;
        match &outcome {
            Ok(()) => {
                self.wanted.confirm(channel, &host);
            }
            Err(_) => {
                self.wanted.fail(channel, asked);
                self.doubts.notify_one();
            }
        }
        outcome
    }

    /// As [`Backbone::unlisten`](crate::Backbone::unlisten).
    pub(super) async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        let Some(host) = self.wanted.forget(channel) else { return Ok(()) };
        let primary = self.routes.borrow().primaries.get(&host).map(Arc::clone);
        match primary {
            Some(primary) => primary.subscriptions.unlisten(channel).await,
            None => Ok(()),
        }
    }

    /// Whether most primaries can be reached: those of a failed one fail over, the others go on.
    pub(super) fn is_up(&self) -> bool {
        let routes = self.routes.borrow();
        let up = routes.primaries.values().filter(|primary| primary.is_up()).count();
        routes.map.is_whole() && 2 * up > routes.primaries.len()
    }

    /// Returns once every slot has a primary, and each is up; fails where that cannot be before a configuration is
    /// mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        let mut routes = self.routes.clone();
        let primaries: Vec<_> = {
            let routes = routes.wait_for(|routes| routes.verdict().is_some()).await.map_err(|_| down())?;
            routes.verdict().unwrap_or(Ok(()))?;
            routes.primaries.values().map(Arc::clone).collect()
        };
        future::try_join_all(primaries.iter().map(|primary| primary.up())).await.map(|_| ())
    }

    fn unknown(&self) -> BackboneError {
        self.doubts.notify_one();
        unavailable("no server of the cluster has the channel's slot at the moment")
    }
}
