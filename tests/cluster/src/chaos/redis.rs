//! The Redis of a run, in whichever arrangement.

use std::time::Duration;

use tidewire_test_redis::{Cluster, Promotions, Sentinels, Server, Settings, Topology as _, wait_until};

use super::attempt::attempt;

/// How the Redis is arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Standalone,
    /// A primary with two replicas, and three Sentinels.
    Sentinel,
    /// Three primaries with a replica each.
    Cluster,
}

impl std::fmt::Display for Topology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        })
    }
}

impl std::str::FromStr for Topology {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::Standalone, Self::Sentinel, Self::Cluster];
        let found = all.into_iter().find(|topology| topology.to_string() == name);
        found.ok_or_else(|| format!("{name:?} is none of standalone, sentinel, cluster"))
    }
}

/// Real servers. Everything here blocks.
pub(super) enum Redis {
    Standalone(Box<Server>),
    Sentinel(Box<Sentinels>),
    Cluster(Box<Cluster>),
}

const PATIENCE: Duration = Duration::from_secs(60);
/// Milliseconds. On a machine that has much else to do, servers must not take one another for dead.
const NODE_TIMEOUT: &str = "4000";
/// Milliseconds.
const DOWN_AFTER: &str = "tidewire 3000";
/// So often the patience of the servers themselves.
const MOST_WAITS: usize = 2;

impl Redis {
    pub(super) fn start(topology: Topology) -> Self {
        match topology {
            Topology::Standalone => Self::Standalone(Box::new(Server::start())),
            Topology::Sentinel => {
                let watching =
                    Settings::default().set("sentinel", &format!("down-after-milliseconds {DOWN_AFTER}"));
                Self::Sentinel(Box::new(Sentinels::with(2, Settings::default(), watching)))
            }
            Topology::Cluster => {
                let settings = Settings::default().set("cluster-node-timeout", NODE_TIMEOUT);
                Self::Cluster(Box::new(Cluster::with(settings)))
            }
        }
    }

    /// Looks whether replicas are promoted; where there are none, there is nothing to see.
    pub(super) fn watch(&mut self) -> Promotions {
        Promotions::at(self.servers().iter().map(|server| server.port()))
    }

    /// How a node would be told of it, if no proxies were between.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Standalone(server) => server.url(),
            Self::Sentinel(sentinels) => sentinels.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// The ports of everything that a node may connect to.
    pub(super) fn ports(&mut self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.servers().iter().map(|server| server.port()).collect();
        if let Self::Sentinel(sentinels) = self {
            ports.extend(sentinels.sentinels().iter().map(|sentinel| sentinel.port()));
        }
        ports
    }

    pub(super) fn servers(&mut self) -> Vec<&mut Server> {
        match self {
            Self::Standalone(server) => server.servers(),
            Self::Sentinel(sentinels) => sentinels.servers(),
            Self::Cluster(cluster) => cluster.servers(),
        }
    }

    /// The servers that take writes.
    pub(super) fn primaries(&mut self) -> Vec<&mut Server> {
        let servers = self.servers().into_iter();
        servers.filter(|server| server.runs() && server.info("replication", "role") == "master").collect()
    }

    /// The server that takes a key's writes.
    pub(super) fn primary(&mut self, key: &str) -> &mut Server {
        match self {
            Self::Standalone(server) => server.primary(key),
            Self::Sentinel(sentinels) => sentinels.primary(key),
            Self::Cluster(cluster) => cluster.primary(key),
        }
    }

    /// A server that replicates another.
    pub(super) fn replica(&mut self) -> Option<&mut Server> {
        self.servers()
            .into_iter()
            .find(|server| server.runs() && server.info("replication", "role") == "slave")
    }

    /// Also on a machine that has much else to do, and where Sentinels or a cluster take one failover for two.
    pub(super) fn wait_until_whole(&self) {
        let whole = || match self {
            Self::Standalone(server) => server.wait_until_whole(),
            Self::Sentinel(sentinels) => sentinels.wait_until_whole(),
            Self::Cluster(cluster) => cluster.wait_until_whole(),
        };
        let in_time = |_| attempt(whole).is_ok();
        assert!((0..MOST_WAITS).any(in_time), "Redis does not become whole");
    }

    /// Starts what was killed, and waits until everybody does their part.
    pub(super) fn heal(&mut self) {
        for server in self.servers().into_iter().filter(|server| !server.runs()) {
            server.restart();
        }
        self.wait_until_whole();
    }

    /// Whatever was done to the servers, and however far that came: all run, and do their part.
    pub(super) fn restore(&mut self, moved: &[String]) {
        for server in self.servers().into_iter().filter(|server| server.runs()) {
            server.thaw();
        }
        for server in self.servers() {
            match server.runs() {
                true => {
                    server.take_replicas();
                    server.run::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
                }
                false => server.restart(),
            }
        }
        self.wait_until_whole();
        if let Self::Cluster(cluster) = self {
            moved.iter().for_each(|key| cluster.settle(cluster.slot(key)));
        }
    }

    /// Waits until a living server takes the writes of a key.
    pub(super) fn wait_until_another_primary(&mut self, key: &str, patience: Duration) {
        wait_until("somebody takes writes", patience, || match self {
            Self::Standalone(server) => server.runs(),
            Self::Sentinel(sentinels) => {
                let port = sentinels.primary_port();
                let mut servers = sentinels.servers().into_iter();
                servers.any(|one| {
                    one.port() == port && one.runs() && one.info("replication", "role") == "master"
                })
            }
            Self::Cluster(cluster) => {
                let slot = cluster.slot(key);
                cluster.primary_of(slot).is_some_and(|place| cluster.server(place).runs())
            }
        });
    }

    /// Moves the slots of these keys to other primaries.
    pub(super) fn move_slots(&mut self, keys: &[String]) {
        self.wait_until_whole();
        let Self::Cluster(cluster) = self else { return };
        for key in keys {
            let slot = cluster.slot(key);
            let from = cluster.primary_of(slot).expect("a primary");
            let ports: Vec<u16> = cluster.servers().iter().map(|server| server.port()).collect();
            let is_primary =
                |place: usize| (0..16_384).step_by(64).any(|slot| cluster.primary_of(slot) == Some(place));
            let to =
                (1..ports.len()).map(|step| (from + step) % ports.len()).find(|&place| is_primary(place));
            cluster.migrate(slot, to.expect("another primary"));
        }
    }
}

/// A replica of a server, in step with it; when it is started again, it is nobody's.
pub(super) fn replica_of(server: &Server) -> Server {
    let replica = Server::start();
    replica.run::<()>(&["REPLICAOF", "127.0.0.1", &server.port().to_string()]);
    wait_until("the replica follows", PATIENCE, || replica.info("replication", "master_link_status") == "up");
    replica
}
