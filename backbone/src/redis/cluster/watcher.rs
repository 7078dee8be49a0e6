use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::crossing::{Crossing, Target};
use super::map::{Map, View};
use super::part::Part;
use super::routes::Routes;
use super::wanted::Wanted;
use crate::outlet::Outlet;
use crate::redis::access::Access;
use crate::redis::keys::Keys;
use crate::redis::primary::Primary;
use crate::redis::route::Route;
use crate::redis::trouble::Trouble;
use crate::redis::{RedisConfig, RedisHost};

/// Asks the cluster's servers who has what, now and then and when there is doubt, and makes links to those who have.
pub(super) struct Watcher {
    pub(super) seeds: Vec<RedisHost>,
    pub(super) access: Access,
    pub(super) config: RedisConfig,
    pub(super) keys: Keys,
    pub(super) outlet: Arc<Outlet>,
    pub(super) wanted: Arc<Wanted>,
    pub(super) doubts: Arc<Notify>,
    pub(super) adopt: watch::Sender<Arc<Routes>>,
}

/// How often it is asked without any doubt, and while a slot migrates.
const CALM: Duration = Duration::from_secs(3);
const MIGRATING: Duration = Duration::from_millis(500);
/// Between two times that it is asked, whatever the doubts.
const PAUSE: Duration = Duration::from_millis(100);
/// How many servers are asked without any doubt.
const SAMPLE: usize = 8;
/// How long one may take, and how much longer than half of the others.
const PATIENCE: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_millis(100);
/// How long a server's word counts that does not answer any more.
const REMEMBERED: Duration = Duration::from_secs(10);

impl Watcher {
    pub(super) async fn run(self) {
        // Ends with this, and so do the links.
        let mut tasks = JoinSet::new();
        let mut views: HashMap<RedisHost, (Instant, View)> = HashMap::new();
        let mut links: HashMap<RedisHost, MultiplexedConnection> = HashMap::new();
        let mut is_doubtful = true;
        loop {
            let mut trouble = None;
            let asked = self.whom_to_ask(is_doubtful);
            for (host, outcome) in self.look(asked, &links).await {
                match outcome {
                    Ok((link, view)) => {
                        views.insert(host.clone(), (Instant::now(), view));
                        links.insert(host, link);
                    }
                    Err(error) => {
                        tracing::debug!(server = %host, %error, "a server of the cluster does not say who has what");
                        links.remove(&host);
                        trouble = Some(error);
                    }
                }
            }
            views.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
            match views.is_empty() {
                true => self.stay(trouble),
                false => self.turn_to(Map::of(views.values().map(|(_, view)| view)), &mut tasks),
            }
            while tasks.try_join_next().is_some() {}
            let calm = match self.adopt.borrow().crossings.is_empty() {
                true => CALM.mul_f64(0.75 + 0.5 * rand::random::<f64>()),
                false => MIGRATING,
            };
            sleep(PAUSE).await;
            tokio::select! {
                () = self.doubts.notified() => is_doubtful = true,
                () = sleep(calm) => is_doubtful = views.is_empty(),
                () = self.adopt.closed() => return,
            }
        }
    }

    /// Every primary, as only who gives a slot away knows of it; where few are known, whoever can be asked.
    fn whom_to_ask(&self, is_doubtful: bool) -> BTreeSet<RedisHost> {
        let routes = self.adopt.borrow();
        let known = routes.primaries.keys();
        if !is_doubtful && routes.crossings.is_empty() && routes.primaries.len() > SAMPLE {
            let first = rand::random_range(0..routes.primaries.len());
            return known.cycle().skip(first).take(SAMPLE).cloned().collect();
        }
        let mut hosts: BTreeSet<RedisHost> = known.chain(&self.seeds).cloned().collect();
        if is_doubtful {
            hosts.extend(routes.map.others.iter().take(SAMPLE).cloned());
        }
        hosts
    }

    /// Asks all of them at once; who takes much longer than the others is not waited for.
    async fn look(
        &self,
        hosts: BTreeSet<RedisHost>,
        links: &HashMap<RedisHost, MultiplexedConnection>,
    ) -> Vec<(RedisHost, Result<(MultiplexedConnection, View), Trouble>)> {
        let count = hosts.len();
        let mut asking: FuturesUnordered<_> = hosts
            .into_iter()
            .map(|host| async {
                let link = links.get(&host).cloned();
                let outcome = self.ask(&host, link).await;
                (host, outcome)
            })
            .collect();
        let mut outcomes = Vec::with_capacity(count);
        let mut answers = 0;
        let mut deadline = Instant::now() + 2 * PATIENCE;
        while let Ok(Some((host, outcome))) = timeout_at(deadline, asking.next()).await {
            answers += usize::from(outcome.is_ok());
            outcomes.push((host, outcome));
            if 2 * answers >= count {
                deadline = deadline.min(Instant::now() + GRACE);
            }
        }
        outcomes
    }

    async fn ask(
        &self,
        host: &RedisHost,
        link: Option<MultiplexedConnection>,
    ) -> Result<(MultiplexedConnection, View), Trouble> {
        let mut link = match link {
            Some(link) => link,
            None => {
                let patience = Some(PATIENCE.min(self.config.timeout));
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(patience)
                    .set_response_timeout(patience);
                let client = self.access.client(host)?;
                client.get_multiplexed_async_connection_with_config(&config).await?
            }
        };
        let nodes: String = redis::cmd("CLUSTER").arg("NODES").query_async(&mut link).await?;
        Ok((link, View::read(&nodes, host, self.access.is_by_name())))
    }

    /// Nobody says anything; goes on by the map that there is.
    fn stay(&self, trouble: Option<Trouble>) {
        match &trouble {
            Some(trouble) => tracing::warn!(%trouble, "no server of the Redis Cluster answers, trying again"),
            None => tracing::warn!("no server of the Redis Cluster answers, trying again"),
        }
        let before = Arc::clone(&self.adopt.borrow());
        if before.map == Map::empty() && before.trouble != trouble {
            self.adopt.send_replace(Arc::new(Routes { trouble, ..Routes::none() }));
        }
    }

    /// Goes by this map from now on.
    fn turn_to(&self, map: Map, tasks: &mut JoinSet<()>) {
        let before = Arc::clone(&self.adopt.borrow());
        if map == before.map {
            return;
        }
        tracing::info!(?map, "the Redis Cluster has another map");
        let mut routes = Routes::none();
        for host in map.primaries.iter().chain(map.migrating.values()) {
            let primary = match before.primaries.get(host) {
                Some(primary) => Arc::clone(primary),
                None => match self.link_to(host, tasks) {
                    Ok(primary) => primary,
                    Err(error) => {
                        tracing::warn!(server = %host, %error, "cannot make links to a server of the cluster");
                        continue;
                    }
                },
            };
            routes.primaries.insert(host.clone(), primary);
        }
        for (&slot, to) in &map.migrating {
            let ends =
                map.owner(slot).and_then(|from| routes.primaries.get(from)).zip(routes.primaries.get(to));
            let Some((from, host)) = ends else { continue };
            let crossing =
                match before.crossings.get(&slot).filter(|crossing| crossing.is_between(from, host)) {
                    Some(crossing) => Arc::clone(crossing),
                    None => self.cross(from, host, to, tasks),
                };
            routes.crossings.insert(slot, crossing);
        }
        routes.map = map;
        self.adopt.send_replace(Arc::new(routes));
    }

    fn link_to(&self, host: &RedisHost, tasks: &mut JoinSet<()>) -> Result<Arc<Primary>, Trouble> {
        let client = self.access.client(host)?;
        let part =
            Part { host: host.clone(), wanted: Arc::clone(&self.wanted), routes: self.adopt.subscribe() };
        let route = Route::OnMap { client, doubts: Arc::clone(&self.doubts) };
        Ok(Arc::new(Primary::new(&route, &self.config, &self.keys, Some(part), &self.outlet, tasks)))
    }

    fn cross(
        &self,
        from: &Arc<Primary>,
        to: &Arc<Primary>,
        host: &RedisHost,
        tasks: &mut JoinSet<()>,
    ) -> Arc<Crossing> {
        let target = Target {
            host: host.clone(),
            login: self.access.login().clone(),
            timeout: PATIENCE.min(self.config.timeout),
        };
        let (crossing, task) = Crossing::new(
            Arc::clone(from),
            Arc::clone(to),
            target,
            self.keys.clone(),
            Arc::clone(&self.doubts),
        );
        tasks.spawn(task);
        Arc::new(crossing)
    }
}
