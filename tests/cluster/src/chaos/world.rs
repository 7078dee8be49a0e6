use std::path::Path;
use std::time::Duration;

use tidewire_test_redis::{Promotion, Promotions, Server};
use tokio::task::block_in_place;

use super::attempt::attempt;
use super::load::channel;
use super::redis::{Redis, replica_of};
use super::{Fault, Load, Lost, Moment, Reach, Topology, Trouble};
use crate::{FaultProxy, Flow, Launch, Node, NodeConfig, Way};

/// Three nodes and a Redis, with proxies between everybody.
pub struct World {
    redis: Redis,
    promotions: Promotions,
    places: Vec<Place>,
}

/// What a world is to be.
#[derive(Clone, Copy, Debug)]
pub struct WorldOptions<'a> {
    /// How the Redis is arranged.
    pub topology: Topology,
    /// Who has a publication when it is acknowledged, as a namespace's `acks` says: `primary` or `replica`.
    pub acks: &'a str,
    /// Mechanisms that are switched off, with commas between them.
    pub off: &'a str,
    /// Where nodes write their log lines; a folder that is there.
    pub folder: &'a Path,
}

/// A node, what is in front of it, and what is behind it.
struct Place {
    node: Node,
    /// Between clients and the node.
    front: FaultProxy,
    /// Between the node and each server of Redis.
    back: Vec<FaultProxy>,
}

/// What a fault did when it began.
#[derive(Clone, Copy, Debug)]
pub struct Struck {
    /// When it hurt; some need preparation.
    pub at: Moment,
    /// What the log lost then.
    pub loses: Option<Lost>,
}

const NODES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIG: &str = r#"
[server]
heartbeat = "2s"
drain = "4s"

[limits]
frames_per_second = 100_000
bytes_per_second = "100MB"

[namespaces.test]
retention = { entries = 16_384, bytes = "64MiB", age = "10m" }
"#;

impl World {
    /// Starts everything.
    ///
    /// # Panics
    /// Where something does not start.
    pub async fn start(WorldOptions { topology, acks, off, folder }: WorldOptions<'_>) -> Self {
        let mut redis = block_in_place(|| Redis::start(topology));
        let mut places = Vec::new();
        for number in 0..NODES {
            let mut back = Vec::new();
            let mut ports = Vec::new();
            for port in block_in_place(|| redis.ports()) {
                let proxy = FaultProxy::to(port).await;
                ports.push((port, proxy.port()));
                back.push(proxy);
            }
            let mut backbone = redis.url();
            for (port, proxy) in &ports {
                backbone = backbone.replace(&port.to_string(), &proxy.to_string());
            }
            if topology != Topology::Standalone {
                back.iter().for_each(|proxy| proxy.rename(&ports));
            }
            let launch = Launch { off: off.to_owned(), log: Some(folder.join(format!("node-{number}.log"))) };
            let config = NodeConfig { backbone, config: format!("{CONFIG}acks = \"{acks}\"\n") };
            let node = block_in_place(|| Node::launch(config, launch));
            let front = FaultProxy::to(node.address().port()).await;
            places.push(Place { node, front, back });
        }
        let promotions = block_in_place(|| redis.watch());
        Self { redis, promotions, places }
    }

    /// Where clients reach one node.
    pub fn url(&self, node: usize) -> String {
        format!("ws://127.0.0.1:{}/v1/connect", self.places[node].front.port())
    }

    /// Everybody reaches every node.
    pub fn everywhere(&self) -> Reach {
        let all: Vec<_> = (0..NODES).map(|node| self.url(node)).collect();
        Reach { publishers: all.clone(), subscribers: all }
    }

    /// The replicas that became primaries since this was asked last, whoever made them.
    pub fn promotions(&self) -> Vec<Promotion> {
        self.promotions.take()
    }

    /// Begins a fault.
    ///
    /// # Errors
    /// Why it could not be made, or not wholly: then [`World::restore`].
    pub fn begin(&mut self, fault: Fault, load: &Load) -> Result<Struck, String> {
        attempt(|| {
            let loses = self.inflict(fault, load);
            Struck { at: load.book().now(), loses }
        })
    }

    fn inflict(&mut self, fault: Fault, load: &Load) -> Option<Lost> {
        match fault {
            Fault::NodeKilled(node) => self.places[node].node.process().kill(),
            Fault::NodeFrozen(node) => self.places[node].node.process().signal("STOP"),
            Fault::NodeDrained(node) => self.places[node].node.process().signal("TERM"),
            Fault::Clients(node, trouble) => trouble.befalls(&self.places[node].front),
            Fault::Backbone(node, trouble) => {
                self.places[node].back.iter().for_each(|link| trouble.befalls(link))
            }
            Fault::SubscriptionsMuted(node) => {
                self.places[node].back.iter().for_each(FaultProxy::mute_subscriptions);
            }
            Fault::RedisEmptied => {
                self.redis.primary(&key(0)).kill();
                return Some(Lost::Everything);
            }
            Fault::PrimaryFrozen => {
                self.redis.primary(&key(0)).freeze();
            }
            Fault::PrimaryKilled => self.redis.primary(&key(0)).kill(),
            Fault::FailedOverWithLag(lag) => return self.fail_over(lag),
            Fault::ReplicaFrozen => self.redis.replica().expect("a replica").freeze(),
            Fault::ReplicaKilled => self.redis.replica().expect("a replica").kill(),
            Fault::SlotsMoved => self.redis.move_slots(&moved()),
            Fault::ScriptsFlushed => {
                self.redis.primaries().iter().for_each(|one| one.run::<()>(&["SCRIPT", "FLUSH"]));
            }
            Fault::ConnectionsKilled => {
                for kind in ["normal", "pubsub"] {
                    let kill = ["CLIENT", "KILL", "TYPE", kind];
                    self.redis.primaries().iter().for_each(|one| one.run::<()>(&kill));
                }
            }
            Fault::MemoryFull => {
                self.redis
                    .primaries()
                    .iter()
                    .for_each(|one| one.run::<()>(&["CONFIG", "SET", "maxmemory", "1"]));
            }
            Fault::ClocksJump(by) => load.jump_clocks(by),
        }
        None
    }

    /// Ends a fault, and removes its traces.
    ///
    /// # Errors
    /// Why the system did not become whole: then [`World::restore`].
    pub fn end(&mut self, fault: Fault) -> Result<(), String> {
        attempt(|| self.relieve(fault))
    }

    /// Ends whatever was begun, however far it came.
    ///
    /// # Errors
    /// Why the system did not become whole; it may with more time.
    pub fn restore(&mut self) -> Result<(), String> {
        attempt(|| {
            for Place { node, front, back } in &mut self.places {
                back.iter().chain([&*front]).for_each(FaultProxy::mend);
                if !node.process().has_ended() {
                    node.process().signal("CONT");
                }
            }
            self.redis.restore(&moved());
            for Place { node, .. } in &mut self.places {
                match node.process().has_ended() {
                    true => node.start_again(),
                    false => node.wait_until_ready(),
                }
            }
        })
    }

    fn relieve(&mut self, fault: Fault) {
        match fault {
            Fault::NodeKilled(node) => self.places[node].node.start_again(),
            Fault::NodeFrozen(node) => self.places[node].node.process().signal("CONT"),
            Fault::NodeDrained(node) => {
                self.places[node].node.process().ended_well();
                self.places[node].node.start_again();
            }
            Fault::Clients(node, _) => self.places[node].front.mend(),
            Fault::Backbone(node, _) | Fault::SubscriptionsMuted(node) => {
                self.places[node].back.iter().for_each(FaultProxy::mend);
            }
            Fault::PrimaryFrozen | Fault::ReplicaFrozen => {
                self.redis.servers().iter().filter(|one| one.runs()).for_each(|one| one.thaw());
                self.redis.wait_until_whole();
            }
            Fault::RedisEmptied | Fault::ReplicaKilled => self.redis.heal(),
            // Not before: it would come back as the primary, and empty.
            Fault::PrimaryKilled | Fault::FailedOverWithLag(_) => {
                self.redis.wait_until_another_primary(&key(0), PATIENCE);
                self.redis.heal();
            }
            Fault::MemoryFull => {
                self.redis
                    .servers()
                    .iter()
                    .for_each(|one| one.run::<()>(&["CONFIG", "SET", "maxmemory", "0"]));
            }
            Fault::SlotsMoved | Fault::ScriptsFlushed | Fault::ConnectionsKilled | Fault::ClocksJump(_) => {}
        }
    }

    /// A replica that lacks the latest takes over, and the primary ends. What is promoted by Sentinels or a cluster is
    /// seen to be; here it is said.
    fn fail_over(&mut self, lag: Duration) -> Option<Lost> {
        match &mut self.redis {
            Redis::Standalone(server) => {
                let replica = replica_of(server);
                // It is promoted while the primary goes on, and is acknowledged what it will never hear of.
                replica.run::<()>(&["REPLICAOF", "NO", "ONE"]);
                std::thread::sleep(lag);
                for link in self.places.iter().flat_map(|place| &place.back) {
                    link.turn_to(replica.port());
                }
                **server = replica;
                Some(Lost::Latest)
            }
            Redis::Sentinel(_) | Redis::Cluster(_) => {
                let primary = self.redis.primary(&key(0));
                primary.part_from_replicas();
                std::thread::sleep(lag);
                primary.kill();
                None
            }
        }
    }
}

/// What some runs do by hand.
impl World {
    /// The Sentinels replace a primary that is well, and whose replicas lack what it took for so long.
    pub(super) fn sentinels_fail_over(&mut self, lag: Duration) {
        block_in_place(|| {
            self.redis.primary(&key(0)).part_from_replicas();
            std::thread::sleep(lag);
            let Redis::Sentinel(sentinels) = &self.redis else { panic!("Sentinels") };
            sentinels.fail_over();
            self.redis.wait_until_whole();
        });
    }

    /// A replica of the standalone server, promoted, while that one goes on: it lacks all that comes now.
    pub(super) fn promote_a_replica(&self) -> Server {
        let Redis::Standalone(server) = &self.redis else { panic!("a standalone server") };
        block_in_place(|| {
            let replica = replica_of(server);
            replica.run::<()>(&["REPLICAOF", "NO", "ONE"]);
            replica
        })
    }

    /// From now on a node talks to this server.
    pub(super) fn turn(&self, node: usize, server: &Server) {
        for link in &self.places[node].back {
            link.turn_to(server.port());
            link.cut();
        }
    }
}

/// Keys of the slots that move.
fn moved() -> [String; 4] {
    [0, 1, 2, 3].map(key)
}

/// A key of a channel's log.
fn key(nth: u16) -> String {
    format!("tidewire:tip:{{{}}}", channel(nth))
}

impl Trouble {
    fn befalls(self, link: &FaultProxy) {
        match self {
            Self::Cut => link.cut(),
            Self::Refused => link.refuse(),
            Self::Blackholed(way) => link.flow(way, Flow::Held),
            Self::HalfOpen => link.half_open(),
            Self::Delayed(time) => link.flow(Way::Both, Flow::Delayed(time)),
            Self::Slow(rate) => link.flow(Way::Back, Flow::Slow(rate)),
        }
    }
}
