//! Failover after failover under load, each with its tail missing: with all nodes alive nothing is lost, nothing
//! comes twice, nobody is reset.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tidewire_backbone::{
    Appended, Arrivals, Backbone, Faults, MemoryConfig, Noticed, Pace, RedisAddresses, RedisBackbone,
    RedisConfig, Retention,
};
use tidewire_protocol::{ChannelName, Payload, PublisherId};
use tidewire_server::{AllowAll, Author, Node, Settings};
use tidewire_test_redis::{Server as Redis, Settings as RedisSettings, Topology, wait_until};
use tokio::task::JoinSet;

use crate::harness::{Client, Dice, TestNode, start};

const CHANNEL: &str = "chat:lobby";
const PUBLISHERS: u64 = 4;
const SUBSCRIBERS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_failovers_under_load_cost_nobody_anything() {
    const FAILOVERS: usize = 30;
    let faults = Faults::new(MemoryConfig::default(), 7);
    faults.lag(Duration::from_millis(40));
    let nodes = [0, 1].map(|_| faults.node());
    let nodes = nodes.map(|(backbone, arrivals)| {
        let some = Duration::from_micros(100)..=Duration::from_millis(2);
        backbone.pace(Pace { request: some.clone(), answer: some });
        (Arc::new(backbone), arrivals)
    });
    let backbones = [nodes[0].0.clone(), nodes[1].0.clone()];
    let load = Load::on(nodes).await;
    let mut dice = Dice(3);
    let mut lost = 0;
    for failover in 0..FAILOVERS {
        pass(30 + dice.below(100)).await;
        // Every third time the nodes go on with the replaced primary for a while, each for another.
        if failover % 3 == 2 {
            lost += faults.fail_over(Noticed::ByNone).len();
            for backbone in &backbones {
                pass(dice.below(30)).await;
                backbone.turn();
            }
        } else {
            lost += faults.fail_over(Noticed::ByAll).len();
        }
    }
    assert!(lost > FAILOVERS, "the failovers lost only {lost}");
    let cost = load.ends().await;
    eprintln!("{FAILOVERS} failovers lost {lost} entries: {cost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promoted_replicas_of_redis_without_the_latest_cost_nobody_anything() {
    const FAILOVERS: usize = 4;
    let mut primary = tokio::task::block_in_place(Redis::start);
    let port = primary.port();
    let config = RedisConfig::new(primary.url().parse::<RedisAddresses>().unwrap());
    let [one, other] = [RedisBackbone::connect(config.clone()), RedisBackbone::connect(config)];
    let [(one, news), (other, other_news)] = [one.await.unwrap(), other.await.unwrap()];
    let load = Load::on([(Arc::new(one), news), (Arc::new(other), other_news)]).await;
    let mut lost = 0;
    for _ in 0..FAILOVERS {
        pass(200).await;
        let replica = tokio::task::block_in_place(|| {
            let replica = Redis::with(RedisSettings::default().replica_of(port));
            wait_until("the replica follows", Duration::from_secs(20), || {
                replica.info("replication", "master_link_status") == "up"
            });
            replica
        });
        pass(200).await;
        // It is promoted while the primary goes on, and is acknowledged what it will never hear of.
        tokio::task::block_in_place(|| replica.run::<()>(&["REPLICAOF", "NO", "ONE"]));
        let before = load.acknowledged();
        pass(200).await;
        lost += load.acknowledged() - before;
        tokio::task::block_in_place(|| {
            primary.kill();
            replica.run::<()>(&["CONFIG", "SET", "port", &port.to_string()]);
        });
        primary = replica;
    }
    assert!(lost > FAILOVERS as u64, "the failovers lost only {lost}");
    let cost = load.ends().await;
    eprintln!("{FAILOVERS} failovers of Redis lost about {lost} entries: {cost:?}");
}

/// Publishers and subscribers on two nodes.
struct Load<B> {
    nodes: Vec<TestNode<B>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    publishers: JoinSet<(u64, u64)>,
    subscribers: JoinSet<Subscriber>,
}

/// What happened to the subscribers.
#[derive(Debug, Default)]
#[expect(dead_code, reason = "to be read by people")]
struct Cost {
    publications: u64,
    subscribers: usize,
    rewinds: usize,
    copies_dropped: usize,
}

impl<B: Backbone> Load<B> {
    async fn on(backbones: [(Arc<B>, Arrivals); 2]) -> Self {
        let (acknowledged, stop) = (Arc::default(), Arc::default());
        let mut load = Self {
            nodes: Vec::new(),
            stop,
            acknowledged,
            publishers: JoinSet::new(),
            subscribers: JoinSet::new(),
        };
        for (index, (backbone, arrivals)) in backbones.into_iter().enumerate() {
            let node = start(settings(), Arc::new(AllowAll), backbone, arrivals).await;
            for number in (0..SUBSCRIBERS).filter(|number| *number as usize % 2 == index) {
                let mut client = node.connect(100 + number).await;
                client.subscribes(CHANNEL).await;
                load.subscribers.spawn(Subscriber::new(client).follow());
            }
            load.nodes.push(node);
        }
        for number in 1..=PUBLISHERS {
            let node = load.nodes[number as usize % 2].node.clone();
            let (stop, acknowledged) = (load.stop.clone(), load.acknowledged.clone());
            load.publishers.spawn(publish_until(node, number, stop, acknowledged));
        }
        load
    }

    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Every subscriber has got everything once, each publisher's in order, and was never told that anything is lost.
    async fn ends(self) -> Cost {
        self.stop.store(true, Ordering::Relaxed);
        let published: HashMap<u64, u64> = self.publishers.join_all().await.into_iter().collect();
        let publications: u64 = published.values().sum();
        // What was lost last comes back in its own time.
        let node = &self.nodes[0].node;
        let all = async {
            // The log may be out of reach for a moment more.
            let offset = async || Some(node.history(&channel(), None, 1).await.ok()?.position.offset);
            while offset().await != Some(publications) {
                pass(5).await;
            }
            let end = || Payload::Json("\"end\"".into());
            let author = Author::once();
            while node.publish(&channel(), end(), author.clone()).await.is_err() {
                pass(5).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.expect("something never comes back");
        let mut cost = Cost { publications, ..Cost::default() };
        for subscriber in self.subscribers.join_all().await {
            assert_eq!((subscriber.resets, subscriber.missing), (0, 0));
            for (&publisher, &seqs) in &published {
                let of_one = subscriber.shown.iter().filter(|(one, _)| *one == publisher);
                assert!(of_one.map(|(_, seq)| *seq).eq(1..=seqs), "of publisher {publisher}");
            }
            cost.subscribers += 1;
            cost.rewinds += subscriber.rewinds;
            cost.copies_dropped += subscriber.dropped;
        }
        cost
    }
}

fn settings() -> Settings {
    let mut settings = crate::harness::settings();
    let minute = Duration::from_secs(60);
    settings.namespaces.others.as_mut().unwrap().retention =
        Retention::Log { entries: 65_536, bytes: 1 << 26, age: minute, dedup: 10 * minute };
    settings
}

/// Publishes 1, 2, 3 … without any memory of its own: each until it is acknowledged. Answers how many.
async fn publish_until(
    node: Node,
    publisher: u64,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
) -> (u64, u64) {
    let channel = channel();
    let mut seq = 0;
    while !stop.load(Ordering::Relaxed) {
        seq += 1;
        let author = Author { publisher: PublisherId(publisher), seq, user: None };
        let payload = Payload::Json(format!("[{publisher},{seq}]").into());
        loop {
            match node.publish(&channel, payload.clone(), author.clone()).await {
                Ok(Appended::Accepted { .. } | Appended::Old { .. }) => break,
                Ok(Appended::Behind { .. }) | Err(_) => pass(2).await,
            }
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
        pass(1).await;
    }
    (publisher, seq)
}

/// A subscriber that follows the rules of rewinds.
struct Subscriber {
    client: Client,
    held: Vec<(String, String)>,
    drop: HashSet<String>,
    shown: Vec<(u64, u64)>,
    is_over: bool,
    rewinds: usize,
    resets: usize,
    missing: usize,
    dropped: usize,
}

impl Subscriber {
    fn new(client: Client) -> Self {
        let (held, drop, shown) = Default::default();
        Self { client, held, drop, shown, is_over: false, rewinds: 0, resets: 0, missing: 0, dropped: 0 }
    }

    async fn follow(mut self) -> Self {
        while !self.is_over {
            let frame = self.client.next().await;
            if let Some(publication) = frame.get("publication") {
                self.takes(publication);
            } else if let Some(rewound) = frame.get("rewound") {
                self.goes_back_to(&text(&rewound["position"]));
            } else {
                assert!(frame.get("reset").is_some(), "unexpected: {frame}");
                self.resets += 1;
                self.held.clear();
            }
        }
        self
    }

    fn takes(&mut self, publication: &Value) {
        let id = text(&publication["id"]);
        self.held.push((text(&publication["position"]), id.clone()));
        self.missing += usize::from(publication.get("missing").is_some());
        if self.drop.remove(&id) {
            self.dropped += 1;
            return;
        }
        match publication["data"].as_array() {
            Some(name) => self.shown.push((name[0].as_u64().unwrap(), name[1].as_u64().unwrap())),
            None => self.is_over = true,
        }
    }

    fn goes_back_to(&mut self, position: &str) {
        self.rewinds += 1;
        let keep = self.held.iter().rposition(|(held, _)| held == position).map_or(0, |index| index + 1);
        self.drop.extend(self.held.drain(keep..).map(|(_, id)| id));
    }
}

fn channel() -> ChannelName {
    CHANNEL.parse().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Time passes, in which others work.
async fn pass(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
