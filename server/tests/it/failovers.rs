//! Failover after failover under load, each with its tail missing: with all nodes alive nothing is lost, nothing
//! comes twice, nobody is reset.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tidewire_backbone::{Appended, Faults, FaultyBackbone, MemoryConfig, Noticed, Pace, Retention};
use tidewire_protocol::{ChannelName, Payload, PublisherId};
use tidewire_server::{Author, Node, Switches};
use tokio::task::JoinSet;

use crate::harness::{Client, Dice, TestNode, node_on, settings, until};

const CHANNEL: &str = "chat:lobby";
const FAILOVERS: usize = 30;
const PUBLISHERS: u64 = 4;
const SUBSCRIBERS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_failovers_under_load_cost_nobody_anything() {
    let faults = Faults::new(MemoryConfig::default(), 7);
    faults.lag(Duration::from_millis(40));
    let nodes = [node(&faults).await, node(&faults).await];
    let mut subscribers = JoinSet::new();
    for number in 0..SUBSCRIBERS {
        let mut client = nodes[number as usize % 2].connect(100 + number).await;
        client.subscribes(CHANNEL).await;
        subscribers.spawn(Subscriber::new(client).follow());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut publishers = JoinSet::new();
    for number in 1..=PUBLISHERS {
        publishers.spawn(publish_until(nodes[number as usize % 2].node.clone(), number, stop.clone()));
    }

    let mut dice = Dice(3);
    let mut lost = 0;
    for failover in 0..FAILOVERS {
        pass(30 + dice.below(100)).await;
        // Every third time the nodes go on with the replaced primary for a while, each for another.
        if failover % 3 == 2 {
            lost += faults.fail_over(Noticed::ByNone).len();
            for node in &nodes {
                pass(dice.below(30)).await;
                node.backbone.turn();
            }
        } else {
            lost += faults.fail_over(Noticed::ByAll).len();
        }
    }
    stop.store(true, Ordering::Relaxed);
    let published: HashMap<u64, u64> = publishers.join_all().await.into_iter().collect();
    let sum: u64 = published.values().sum();
    // What was lost last comes back in its own time.
    until(|| faults.log(&channel()).run.entries.len() as u64 == sum).await;
    nodes[0].node.publish(&channel(), Payload::Json("\"end\"".into()), Author::once()).await.unwrap();
    assert!(lost > FAILOVERS, "the failovers lost only {lost}");

    let (mut rewinds, mut dropped) = (0, 0);
    for subscriber in subscribers.join_all().await {
        assert_eq!((subscriber.resets, subscriber.missing), (0, 0));
        for (&publisher, &seqs) in &published {
            let shown = subscriber.shown.iter().filter(|(one, _)| *one == publisher).map(|(_, seq)| *seq);
            assert!(shown.eq(1..=seqs), "of publisher {publisher}");
        }
        rewinds += subscriber.rewinds;
        dropped += subscriber.dropped;
    }
    eprintln!(
        "{FAILOVERS} failovers lost {lost} entries of {sum}; {SUBSCRIBERS} subscribers: 0 lost, 0 doubled, 0 resets, \
         {rewinds} rewinds, {dropped} copies dropped"
    );
}

async fn node(faults: &Faults) -> TestNode<FaultyBackbone> {
    let mut settings = settings();
    let minute = Duration::from_secs(60);
    settings.namespaces.others.as_mut().unwrap().retention =
        Retention::Log { entries: 65_536, bytes: 1 << 26, age: minute, dedup: 10 * minute };
    let node = node_on(faults, settings, Switches::default()).await;
    let some = Duration::from_micros(100)..=Duration::from_millis(2);
    node.backbone.pace(Pace { request: some.clone(), answer: some });
    node
}

/// Publishes 1, 2, 3 … without any memory of its own: each until it is acknowledged. Answers how many.
async fn publish_until(node: Node, publisher: u64, stop: Arc<AtomicBool>) -> (u64, u64) {
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
