use std::time::{Duration, Instant};

use futures_util::future;
use tidewire_backbone::{
    Appended, Arrival, Backbone, BackboneError, Draft, Interrupted, RedisBackbone, RedisConfig, Retention,
};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::{Cluster, Sentinels, Server, Settings, Topology, wait_until};
use tokio::task::block_in_place;

use crate::redis::{channel, config, draft, next, until};

/// A primary with a replica, and namespaces `news`, of which a replica must have all, and others.
struct Pair {
    primary: Server,
    replica: Server,
}

impl Pair {
    fn start() -> Self {
        let primary = Server::start();
        let replica = Server::with(Settings::default().replica_of(primary.port()));
        let mut connection = redis::Client::open(primary.url()).unwrap().get_connection().unwrap();
        // Only after a write of its own does a connection wait for anything.
        let mut write = redis::pipe();
        write.cmd("SET").arg("x").arg(1).ignore().cmd("WAIT").arg(1).arg(1000);
        wait_until("the replica replicates", Duration::from_secs(30), || {
            write.query::<(u64,)>(&mut connection).unwrap() == (1,)
        });
        Self { primary, replica }
    }

    async fn node(&self) -> RedisBackbone {
        let (node, _) = RedisBackbone::connect(self.config()).await.unwrap();
        node
    }

    fn config(&self) -> RedisConfig {
        let replicated = ["news".to_owned()].into();
        RedisConfig { replicated, ..config(self.primary.url()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_a_replica_has() {
    let mut pair = Pair::start();
    let node = pair.node().await;
    let appended = node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    assert!(matches!(appended, Appended::Accepted { .. }), "{appended:?}");
    pair.primary.kill();
    assert!(pair.replica.run::<bool>(&["EXISTS", "tidewire:log:{news:today}"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_replica_nothing_is_acknowledged_though_it_is_there() {
    let pair = Pair::start();
    let node = pair.node().await;
    pair.replica.freeze();
    assert_unknown(node.publish(&channel(), draft(1), Retention::DEFAULT).await);
    // That it is old is no acknowledgement either, not even on a link that has written nothing.
    assert_unknown(node.publish(&channel(), draft(1), Retention::DEFAULT).await);
    let another = pair.node().await;
    assert_unknown(another.publish(&channel(), draft(1), Retention::DEFAULT).await);
    // Another namespace does not wait, nor for one that does.
    let waiting = node.publish(&channel(), draft(1), Retention::DEFAULT);
    let other: ChannelName = "chat:lobby".parse().unwrap();
    let began = Instant::now();
    node.publish(&other, draft(1), Retention::DEFAULT).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert_unknown(waiting.await);

    pair.replica.thaw();
    let again = node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    assert!(matches!(again, Appended::Old { position: Some(_) }), "{again:?}");
    let read = node.read(&channel(), 0, 9).await.unwrap();
    assert_eq!(read.run.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wait_serves_many_publishes() {
    let pair = Pair::start();
    let node = pair.node().await;
    node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    pair.primary.run::<()>(&["CONFIG", "RESETSTAT"]);
    let publishes = (2..=5001).map(|seq| node.publish(&channel(), draft(seq), Retention::DEFAULT));
    for appended in future::join_all(publishes).await {
        assert!(matches!(appended, Ok(Appended::Accepted { .. })), "{appended:?}");
    }
    let stats: String = pair.primary.run(&["INFO", "commandstats"]);
    let waits = stats.lines().find_map(|line| line.strip_prefix("cmdstat_wait:calls=")?.split(',').next());
    let waits: u64 = waits.unwrap().parse().unwrap();
    assert!(waits <= 100, "{waits} waits for 5000 publishes");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_need_not_wait() {
    let pair = Pair::start();
    let (node, mut arrivals) = RedisBackbone::connect(pair.config()).await.unwrap();
    node.listen(&channel()).await.unwrap();
    pair.replica.freeze();
    let unknown = node.publish(&channel(), draft(1), Retention::DEFAULT);
    assert!(matches!(next(&mut arrivals).await, Arrival::Published(..)));
    assert_unknown(unknown.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_redis_forgot_are_loaded_again_there_too() {
    let pair = Pair::start();
    let node = pair.node().await;
    pair.primary.run::<()>(&["SCRIPT", "FLUSH"]);
    let publishes = (1..=600).map(|seq| node.publish(&channel(), draft(seq), Retention::DEFAULT));
    for appended in future::join_all(publishes).await {
        assert!(matches!(appended, Ok(Appended::Accepted { .. })), "{appended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_never_comes_leaves_the_node_in_service() {
    let server = Server::start();
    let replicated = ["news".to_owned()].into();
    let replicated_within = Duration::from_millis(50);
    let config = RedisConfig { replicated, replicated_within, ..config(server.url()) };
    let (node, mut arrivals) = RedisBackbone::connect(config).await.unwrap();
    for seq in 1..=5 {
        assert_unknown(
            node.publish(&channel(), Draft { force: true, ..draft(seq) }, Retention::DEFAULT).await,
        );
    }
    until(|| node.is_ready()).await;
    let other: ChannelName = "chat:lobby".parse().unwrap();
    node.publish(&other, draft(1), Retention::DEFAULT).await.unwrap();
    assert_ne!(arrivals.try_recv().ok(), Some(Arrival::Interrupted(Interrupted::All)));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_a_replica_of_the_channels_primary_must_have_it() {
    let mut cluster = block_in_place(Cluster::start);
    let config = RedisConfig { replicated: ["news".to_owned()].into(), ..config(cluster.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    let appended = node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    assert!(matches!(appended, Appended::Accepted { .. }), "{appended:?}");
    let slot = cluster.slot("{news:today}");
    let replica = cluster.replica_of(slot).unwrap();
    cluster.server(replica).freeze();
    assert_unknown(node.publish(&channel(), draft(2), Retention::DEFAULT).await);
    cluster.server(replica).thaw();
    let taken = node.publish(&channel(), draft(2), Retention::DEFAULT).await.unwrap();
    assert!(matches!(taken, Appended::Old { position: Some(_) }), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_of_sentinels_loses_nothing_that_was_acknowledged() {
    let mut sentinels = block_in_place(|| Sentinels::with(2, Settings::default(), Settings::default()));
    let config = RedisConfig { replicated: ["news".to_owned()].into(), ..config(sentinels.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    for seq in 1..=200 {
        let appended = node.publish(&channel(), draft(seq), Retention::DEFAULT).await.unwrap();
        assert!(matches!(appended, Appended::Accepted { .. }), "{appended:?}");
    }
    block_in_place(|| sentinels.primary("").part_from_replicas());
    let alone = (201..=300).map(|seq| node.publish(&channel(), draft(seq), Retention::DEFAULT));
    for outcome in future::join_all(alone).await {
        assert_unknown(outcome);
    }
    assert_eq!(node.read(&channel(), 0, 999).await.unwrap().tip.offset, 300);
    let before = sentinels.primary_port();
    block_in_place(|| {
        sentinels.primary("").kill();
        sentinels.wait_until_primary_is_not(before);
    });
    let began = Instant::now();
    let read = loop {
        match node.read(&channel(), 0, 999).await {
            // The old primary's answers may still be under way.
            Ok(read) if read.tip.offset < 300 => break read,
            Ok(_) | Err(_) => assert!(began.elapsed() < Duration::from_secs(30), "no new primary"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let seqs: Vec<u64> = read.run.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
}

fn assert_unknown(outcome: Result<Appended, BackboneError>) {
    let Err(BackboneError::Unavailable(text)) = &outcome else { panic!("{outcome:?}") };
    assert!(text.contains("no replica has it yet"), "{text}");
}
