use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tidewire_backbone::contract::{self, Node};
use tidewire_backbone::{
    Appended, Arrival, Arrivals, Backbone, BackboneError, Interrupted, RedisBackbone, RedisConfig, RedisTls,
    Retention,
};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::{Cluster, Server, Topology, wait_until};
use tokio::task::block_in_place;

use crate::redis::{config, draft, next, until};
use crate::undisturbed::Undisturbed;

tidewire_backbone::backbone_contract!(Undisturbed::on(&SHARED, Cluster::start));
tidewire_backbone::presence_contract!(Undisturbed::on(&SHARED, Cluster::start));

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

/// A cluster of its own for a test that does harm; one at a time, as six servers need a machine's attention.
pub(crate) struct Harmed {
    pub(crate) cluster: Cluster,
    tls: RedisTls,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Harmed {
    async fn start() -> Self {
        Self::with(RedisTls::default(), Cluster::start).await
    }

    /// As it is started, for nodes that know its servers by this.
    pub(crate) async fn with(tls: RedisTls, start: impl FnOnce() -> Cluster) -> Self {
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let turn = TURN.lock().await;
        Self { cluster: block_in_place(start), tls, _turn: turn }
    }

    /// The slot of the channel, who has it, and another primary.
    pub(crate) fn places(&self) -> (u16, usize, usize) {
        block_in_place(|| {
            let slot = self.cluster.slot(channel().as_str());
            let from = self.cluster.primary_of(slot).unwrap();
            (slot, from, (from + 1) % 3)
        })
    }
}

#[async_trait]
impl contract::Cluster for Harmed {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let config = RedisConfig { tls: self.tls.clone(), ..config(self.cluster.url()) };
        let (node, arrivals) = RedisBackbone::connect(config).await.unwrap();
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_migration_of_a_slot_stops_neither_publishes_nor_news() {
    let harmed = Harmed::start().await;
    let (slot, _, to) = harmed.places();
    let mut subscriber = Subscriber::at(&harmed).await;
    let publisher = Publisher::at(&harmed).await;
    publisher.publishes(1..=50).await;
    subscriber.has(50).await;

    block_in_place(|| harmed.cluster.begin_migration(slot, to));
    // Nobody moves a key, and yet it goes on: also with a channel that has none.
    let begun = publisher.publishes(51..=100).await;
    subscriber.has(100).await;
    let new: ChannelName = "news:40854".parse().unwrap();
    assert_eq!(block_in_place(|| harmed.cluster.slot(new.as_str())), slot);
    assert_eq!(publisher.node.read(&new, 0, 9).await.unwrap().tip.offset, 0);

    block_in_place(|| harmed.cluster.move_keys(slot, to));
    let moved = publisher.publishes(101..=150).await;
    subscriber.has(150).await;
    block_in_place(|| harmed.cluster.end_migration(slot, to));
    let ended = publisher.publishes(151..=200).await;
    subscriber.has(200).await;
    eprintln!("longest until a publish was taken: {begun:?} begun, {moved:?} moved, {ended:?} ended");
    for longest in [begun, moved, ended] {
        assert!(longest < Duration::from_secs(5), "{longest:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_target_of_a_migration_dies_in_the_middle_its_replica_has_what_was_moved() {
    let mut harmed = Harmed::start().await;
    let (slot, from, to) = harmed.places();
    let mut subscriber = Subscriber::at(&harmed).await;
    let publisher = Publisher::at(&harmed).await;
    publisher.publishes(1..=50).await;
    block_in_place(|| harmed.cluster.begin_migration(slot, to));
    // Whoever publishes has the channel's keys moved.
    publisher.publishes(51..=100).await;
    subscriber.has(100).await;
    let target = block_in_place(|| {
        let in_slot = ["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()];
        let server = harmed.cluster.server(to);
        assert!(server.run::<u64>(&in_slot) > 0, "the keys were moved");
        wait_until("the target's replica has them", Duration::from_secs(30), || {
            let offset = format!("offset={},", server.info("replication", "master_repl_offset"));
            server.info("replication", "slave0").contains(&offset)
        });
        assert_eq!(harmed.cluster.server(from).run::<u64>(&in_slot), 0, "and nothing was left");
        let own = harmed.cluster.slot_of(to);
        harmed.cluster.server(to).kill();
        own
    });
    // What is refused meanwhile may be published again, and is, until somebody ends the migration.
    let publishing = tokio::spawn(async move { publisher.publishes(101..=150).await });
    block_in_place(|| {
        wait_until("the target's replica is promoted", Duration::from_secs(30), || {
            harmed.cluster.primary_of(target).is_some_and(|place| place != to)
        });
        harmed.cluster.settle(slot);
        assert_ne!(harmed.cluster.primary_of(slot), Some(from));
    });
    let longest = publishing.await.unwrap();
    subscriber.has(150).await;
    eprintln!("longest until a publish was taken: {longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_moves_interrupts_its_channels_and_no_others() {
    let harmed = Harmed::start().await;
    let (slot, from, to) = harmed.places();
    let (node, mut arrivals) = contract::Cluster::node(&harmed).await;
    node.listen(&channel()).await.unwrap();
    for number in 0..100 {
        node.listen(&format!("news:other-{number}").parse().unwrap()).await.unwrap();
    }
    block_in_place(|| harmed.cluster.migrate(slot, to));
    let interrupted = Arrival::Interrupted(Interrupted::Channels(vec![channel()]));
    assert_eq!(next(&mut arrivals).await, interrupted);
    taken(&*node, 1).await;
    assert!(matches!(next(&mut arrivals).await, Arrival::Published(..)));
    // And back, without any key having been asked for meanwhile.
    block_in_place(|| harmed.cluster.migrate(slot, from));
    assert_eq!(next(&mut arrivals).await, interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_an_old_map_finds_out_by_being_sent_elsewhere() {
    let harmed = Harmed::start().await;
    let (slot, _, to) = harmed.places();
    let (node, _arrivals) = contract::Cluster::node(&harmed).await;
    block_in_place(|| harmed.cluster.migrate(slot, to));
    let refused = node.publish(&channel(), draft(1), Retention::DEFAULT).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_)) | Ok(_)), "{refused:?}");
    taken(&*node, 1).await;
}

/// A hundred publications arrive, though something befalls the primary when half of them are there and replicated.
async fn loses_its_primary(
    harmed: &mut Harmed,
    befalls: impl FnOnce(&mut Server),
) -> (Publisher, Subscriber) {
    let (_, primary, _) = harmed.places();
    let mut subscriber = Subscriber::at(harmed).await;
    let publisher = Publisher::at(harmed).await;
    publisher.publishes(1..=50).await;
    subscriber.has(50).await;
    block_in_place(|| {
        let server = harmed.cluster.server(primary);
        server.run::<u64>(&["WAIT", "1", "5000"]);
        befalls(server);
    });
    let longest = publisher.publishes(51..=100).await;
    subscriber.has(100).await;
    eprintln!("longest until a publish was taken: {longest:?}");
    (publisher, subscriber)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_primary_is_replaced_and_nothing_of_it_is_missing() {
    let mut harmed = Harmed::start().await;
    let (publisher, _) = loses_its_primary(&mut harmed, Server::kill).await;
    assert!(publisher.node.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_primary_is_replaced_and_what_it_says_when_it_thaws_does_no_harm() {
    let mut harmed = Harmed::start().await;
    let (slot, primary, _) = harmed.places();
    let (publisher, mut subscriber) = loses_its_primary(&mut harmed, |server| server.freeze()).await;
    block_in_place(|| harmed.cluster.server(primary).thaw());
    publisher.publishes(101..=150).await;
    subscriber.has(150).await;
    assert_ne!(block_in_place(|| harmed.cluster.primary_of(slot)), Some(primary));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_in_peace_interrupts_and_loses_nothing() {
    let harmed = Harmed::start().await;
    let (slot, ..) = harmed.places();
    let mut subscriber = Subscriber::at(&harmed).await;
    let publisher = Publisher::at(&harmed).await;
    publisher.publishes(1..=50).await;
    block_in_place(|| harmed.cluster.fail_over(slot));
    let longest = publisher.publishes(51..=100).await;
    subscriber.has(100).await;
    eprintln!("longest until a publish was taken: {longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_dead_seed_the_map_comes_from_those_who_live() {
    let mut harmed = Harmed::start().await;
    let (slot, from, to) = harmed.places();
    let seed = block_in_place(|| format!("redis+cluster://127.0.0.1:{}", harmed.cluster.server(from).port()));
    let (node, _arrivals) = RedisBackbone::connect(config(seed)).await.unwrap();
    taken(&node, 1).await;
    block_in_place(|| harmed.cluster.server(from).kill());
    until(|| block_in_place(|| harmed.cluster.primary_of(slot)).is_some_and(|place| place != from)).await;
    taken(&node, 2).await;
    block_in_place(|| harmed.cluster.migrate(slot, to));
    taken(&node, 3).await;
}

/// Publishes what it is told to, each until it is taken.
pub(crate) struct Publisher {
    node: Arc<dyn Backbone>,
    _arrivals: Arrivals,
}

impl Publisher {
    pub(crate) async fn at(harmed: &Harmed) -> Self {
        let (node, arrivals) = contract::Cluster::node(harmed).await;
        Self { node, _arrivals: arrivals }
    }

    /// Says how long it took at most until one was taken.
    pub(crate) async fn publishes(&self, seqs: std::ops::RangeInclusive<u64>) -> Duration {
        let mut longest = Duration::ZERO;
        for seq in seqs {
            longest = longest.max(taken(&*self.node, seq).await);
        }
        longest
    }
}

/// Publishes until it is taken, and says how long that took.
pub(crate) async fn taken(node: &dyn Backbone, seq: u64) -> Duration {
    let begin = Instant::now();
    loop {
        match node.publish(&channel(), draft(seq), Retention::DEFAULT).await {
            Ok(Appended::Accepted { .. } | Appended::Old { .. }) => return begin.elapsed(),
            Ok(Appended::Behind { last }) => panic!("{seq} is behind {last}"),
            Err(error @ BackboneError::Refused(_)) => panic!("{error}"),
            Err(BackboneError::Unavailable(error)) => {
                assert!(begin.elapsed() < Duration::from_secs(30), "not taken: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Follows the channel as a node does: reads the log where news may be missing.
pub(crate) struct Subscriber {
    node: Node,
    seen: u64,
}

impl Subscriber {
    pub(crate) async fn at(harmed: &Harmed) -> Self {
        Self { node: Node::listening_to(harmed, &channel()).await, seen: 0 }
    }

    /// Waits until it has seen so many, each once and in order.
    pub(crate) async fn has(&mut self, count: u64) {
        while self.seen < count {
            match self.node.arrival().await {
                Arrival::Published(_, entry) if entry.seq == self.seen + 1 => self.seen += 1,
                Arrival::Published(_, entry) if entry.seq <= self.seen => {}
                Arrival::Published(..) | Arrival::Announced(..) | Arrival::Interrupted(_) => {
                    self.reads().await
                }
                other @ (Arrival::Ephemeral(..) | Arrival::Presence(..)) => panic!("{other:?}"),
            }
        }
        assert_eq!(self.seen, count);
    }

    async fn reads(&mut self) {
        let begin = Instant::now();
        let answer = loop {
            match self.node.backbone.read(&channel(), self.seen, 10_000).await {
                Ok(answer) => break answer,
                Err(error) => assert!(begin.elapsed() < Duration::from_secs(20), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        for entry in answer.run.entries {
            self.seen += 1;
            assert_eq!((entry.seq, entry.position.offset), (self.seen, self.seen));
        }
    }
}

fn channel() -> ChannelName {
    "news:today".parse().unwrap()
}
