use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tidewire_backbone::contract::{Cluster, Node};
use tidewire_backbone::{
    Appended, Arrival, Arrivals, Attendee, Backbone, BackboneError, Draft, Interrupted, Lease,
    RedisAddresses, RedisBackbone, RedisConfig, Retention,
};
use tidewire_protocol::{ChannelName, Payload, PublisherId};
use tidewire_test_redis::{Server, Settings, Topology};

use crate::address::Address;

tidewire_backbone::backbone_contract!(RedisCluster::start());
tidewire_backbone::presence_contract!(RedisCluster::start());

/// Nodes on one Redis server.
struct RedisCluster {
    server: Server,
}

impl RedisCluster {
    fn start() -> Self {
        Self { server: Server::start() }
    }
}

#[async_trait]
impl Cluster for RedisCluster {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let (node, arrivals) = RedisBackbone::connect(config(self.server.url())).await.unwrap();
        assert!(node.is_ready());
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_redis_dies_publishes_fail_at_once_and_when_it_returns_all_goes_on() {
    let mut cluster = RedisCluster::start();
    let mut node = Node::listening_to(&cluster, &channel()).await;
    node.append(&channel(), draft(1), Retention::DEFAULT).await;
    node.entry().await;

    cluster.server.kill();
    until(|| !node.backbone.is_ready()).await;
    let refused = soon(node.backbone.publish(&channel(), draft(2), Retention::DEFAULT)).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    let refused = soon(node.backbone.read(&channel(), 0, 9)).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    let refused = soon(node.backbone.listen(&"news:other".parse().unwrap())).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");

    cluster.server.restart();
    assert_eq!(node.arrival().await, Arrival::Interrupted(Interrupted::All));
    until(|| node.backbone.is_ready()).await;
    node.append(&channel(), draft(1), Retention::DEFAULT).await;
    assert_eq!(node.entry().await.0, channel());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_when_redis_dies_fails_as_unknown() {
    let mut cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    // Redis hears nothing while it is halted, so these stay under way.
    cluster.server.freeze();
    let under_way: Vec<_> =
        (1..=100).map(|seq| node.backbone.publish(&channel(), draft(seq), Retention::DEFAULT)).collect();
    cluster.server.kill();
    for outcome in futures_util::future::join_all(under_way).await {
        assert!(matches!(outcome, Err(BackboneError::Unavailable(_))), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_it_starts_all_the_same_and_works_once_redis_is_there() {
    let mut cluster = RedisCluster::start();
    cluster.server.kill();
    let config = RedisConfig { timeout: Duration::from_millis(300), ..config(cluster.server.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    assert!(!node.is_ready());
    cluster.server.restart();
    until(|| node.is_ready()).await;
    let appended = node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    assert!(matches!(appended, Appended::Accepted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_redis_forgot_are_loaded_again_and_the_order_is_kept() {
    let cluster = RedisCluster::start();
    let mut node = Node::listening_to(&cluster, &channel()).await;
    for round in 0..5 {
        cluster.server.run::<()>(&["SCRIPT", "FLUSH"]);
        let under_way: Vec<_> = (1..=1000)
            .map(|seq| node.backbone.publish(&channel(), draft(round * 1000 + seq), Retention::DEFAULT))
            .collect();
        for outcome in futures_util::future::join_all(under_way).await {
            assert!(matches!(outcome, Ok(Appended::Accepted { .. })), "{outcome:?}");
        }
        cluster.server.run::<()>(&["SCRIPT", "FLUSH"]);
        node.read(&channel(), 0).await;
    }
    for (index, entry) in node.entries(&channel(), 5000).await.into_iter().enumerate() {
        assert_eq!(entry.seq, index as u64 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_subscription_is_made_anew_and_announced() {
    let cluster = RedisCluster::start();
    let mut node = Node::listening_to(&cluster, &channel()).await;
    let killed: u64 = cluster.server.run(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(killed, 1);
    assert_eq!(node.arrival().await, Arrival::Interrupted(Interrupted::All));
    node.append(&channel(), draft(1), Retention::DEFAULT).await;
    assert_eq!(node.entry().await.0, channel());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_left_behind_on_a_replaced_server_is_noticed_by_the_probe() {
    let (old, new) = (RedisCluster::start(), RedisCluster::start());
    let address = Address::of(&old.server).await;
    let config = RedisConfig {
        probe_every: Duration::from_millis(50),
        probe_timeout: Duration::from_secs(1),
        ..config(address.url())
    };
    let (node, mut arrivals) = RedisBackbone::connect(config).await.unwrap();
    node.listen(&channel()).await.unwrap();

    address.move_to(&new.server);
    // Commands find the new server; the subscription still has a link to the old one, which answers.
    let _: u64 = old.server.run(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert_eq!(next(&mut arrivals).await, Arrival::Interrupted(Interrupted::All));
    until(|| node.is_ready()).await;
    node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    // On a busy machine a probe may be late; another Interrupted is no fault.
    let published = async { while !matches!(next(&mut arrivals).await, Arrival::Published(..)) {} };
    tokio::time::timeout(Duration::from_secs(10), published).await.expect("the publication arrives");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_carry_nothing_any_more_are_made_anew_in_time() {
    let cluster = RedisCluster::start();
    let address = Address::of(&cluster.server).await;
    let (node, mut arrivals) = RedisBackbone::connect(config(address.url())).await.unwrap();
    node.listen(&channel()).await.unwrap();
    address.swallow();
    let swallowed = Instant::now();
    assert_eq!(next(&mut arrivals).await, Arrival::Interrupted(Interrupted::All));
    until(|| node.is_ready()).await;
    node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    while !matches!(next(&mut arrivals).await, Arrival::Published(..)) {}
    println!("whole after {:?}", swallowed.elapsed());
    assert!(swallowed.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_slow_and_answers_in_time_is_not_left() {
    let server = Server::with(Settings::default().set("enable-debug-command", "yes"));
    let cluster = RedisCluster { server };
    let mut node = Node::listening_to(&cluster, &channel()).await;
    tokio::task::block_in_place(|| cluster.server.run::<()>(&["DEBUG", "SLEEP", "1"]));
    node.append(&channel(), draft(1), Retention::DEFAULT).await;
    // No doubt comes before it.
    assert_eq!(node.entry().await.0, channel());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_above_the_limit_is_announced_by_its_position() {
    let cluster = RedisCluster::start();
    let mut node = Node::listening_to(&cluster, &channel()).await;
    let payload = Payload::Binary(vec![0; (64 << 10) + 1].into());
    let position = node.append(&channel(), Draft { payload, ..draft(1) }, Retention::DEFAULT).await;
    assert_eq!(node.arrival().await, Arrival::Announced(channel(), position));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_tip_was_lost_begins_anew_without_what_was_left() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let before = node.append(&channel(), draft(1), Retention::DEFAULT).await;
    cluster.server.run::<()>(&["DEL", "tidewire:tip:{news:today}"]);
    let answer = node.read(&channel(), 0).await;
    assert_eq!((answer.tip.offset, answer.run.entries.len()), (0, 0));
    let after = node.append(&channel(), draft(1), Retention::DEFAULT).await;
    assert_eq!(after.offset, 1);
    assert_ne!(after.tag, before.tag);
    cluster.server.run::<()>(&["DEL", "tidewire:tip:{news:today}"]);
    let unread = node.append(&channel(), draft(1), Retention::DEFAULT).await;
    assert_eq!(unread.offset, 1);
    assert_eq!(node.read(&channel(), 0).await.run.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_none_is_a_gap_and_the_log_goes_on() {
    let cluster = RedisCluster::start();
    let mut node = Node::listening_to(&cluster, &channel()).await;
    for seq in 1..=2 {
        node.append(&channel(), draft(seq), Retention::DEFAULT).await;
    }
    // Somebody writes into the log, and removes from it.
    let log = "tidewire:log:{news:today}";
    cluster.server.run::<()>(&["XADD", log, "2-1", "anything", "at all"]);
    let third = node.append(&channel(), draft(3), Retention::DEFAULT).await;
    let answer = node.read(&channel(), 0).await;
    assert_eq!((answer.run.base.offset, answer.run.tip(), answer.tip), (2, third, third));
    node.append(&channel(), draft(4), Retention::DEFAULT).await;
    node.append(&channel(), draft(5), Retention::DEFAULT).await;
    cluster.server.run::<()>(&["XDEL", log, "4-0"]);
    let answer = node.read(&channel(), 0).await;
    assert_eq!((answer.run.base.offset, answer.run.entries.len()), (4, 1));
    assert_eq!(node.entries(&channel(), 5).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_trimmed_with_the_rest() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let payload = || Payload::Binary(vec![0; 1000].into());
    let small = Retention::Log {
        entries: 100,
        bytes: 3000,
        age: Duration::from_secs(60),
        dedup: Duration::from_secs(60),
    };
    for seq in 1..=20 {
        let log = "tidewire:log:{news:today}";
        node.append(&channel(), Draft { payload: payload(), ..draft(seq) }, small).await;
        cluster.server.run::<()>(&["XADD", log, &format!("{seq}-1"), "anything", "at all"]);
    }
    let kept: u64 = cluster.server.run(&["XLEN", "tidewire:log:{news:today}"]);
    assert!(kept < 12, "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tip_that_is_none_begins_a_new_log() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let before = node.append(&channel(), draft(1), Retention::DEFAULT).await;
    cluster.server.run::<()>(&["HSET", "tidewire:tip:{news:today}", "", "nonsense"]);
    let after = node.append(&channel(), draft(2), Retention::DEFAULT).await;
    assert_eq!(after.offset, 1);
    assert_ne!(after.tag, before.tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_does_not_answer_is_given_up_after_the_timeout() {
    let cluster = RedisCluster::start();
    let config = RedisConfig { timeout: Duration::from_millis(200), ..config(cluster.server.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    cluster.server.freeze();
    let unknown = node.publish(&channel(), draft(1), Retention::DEFAULT).await;
    assert!(matches!(unknown, Err(BackboneError::Unavailable(_))), "{unknown:?}");
    until(|| !node.is_ready()).await;
    let refused = soon(node.publish(&channel(), draft(2), Retention::DEFAULT)).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    cluster.server.thaw();
    until(|| node.is_ready()).await;
    // It may have been executed after all; asking again tells.
    let again = node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    assert!(matches!(again, Appended::Accepted { .. } | Appended::Old { position: Some(_) }), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_expires_by_itself() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let brief = remembering_for(Duration::from_millis(1));
    for seq in 1..=20 {
        let _ = node.publish(&channel(), Draft { force: true, ..draft(seq) }, brief).await;
    }
    node.read(&"news:only-read".parse().unwrap(), 0).await;
    let store = node.backbone.presence().unwrap();
    let lease = Lease { node: 1, term: 1 };
    store.renew(lease).await.unwrap();
    for (number, user) in [(1, None), (2, Some("ada".to_owned()))] {
        let attendee = Attendee { connection: lease.connection(number), user, info: None };
        store.enter(&channel(), lease, &[attendee]).await.unwrap();
    }
    let keys: Vec<String> = cluster.server.run(&["KEYS", "*"]);
    assert!(keys.len() >= 8, "{keys:?}");
    for key in keys {
        let lives: i64 = cluster.server.run(&["PTTL", &key]);
        assert_ne!(lives, -1, "{key} lives for ever");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_has_left_nothing_is_kept_of_who_was_there() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let store = node.backbone.presence().unwrap();
    let lease = Lease { node: 1, term: 1 };
    let attendees = [None, Some("ada"), Some("ada")].into_iter().zip(1..).map(|(user, number)| Attendee {
        connection: lease.connection(number),
        user: user.map(str::to_owned),
        info: None,
    });
    store.enter(&channel(), lease, &attendees.collect::<Vec<_>>()).await.unwrap();
    store.leave(&channel(), &[1, 2, 3].map(|number| lease.connection(number))).await.unwrap();
    let keys: Vec<String> = cluster.server.run(&["KEYS", "*"]);
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_channels_publishers_expire_and_its_tip_stays() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    let brief = remembering_for(Duration::from_millis(100));
    let tip = node.append(&channel(), draft(1), brief).await;
    until(|| {
        let fields: u64 = cluster.server.run(&["HLEN", "tidewire:tip:{news:today}"]);
        let old: u64 = cluster.server.run(&["EXISTS", "tidewire:old:{news:today}"]);
        (fields, old) == (1, 0)
    })
    .await;
    assert_eq!(node.read(&channel(), 0).await.tip, tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_queue_holds_is_refused_at_once() {
    let cluster = RedisCluster::start();
    let config = RedisConfig { queue_bytes: 10_000, ..config(cluster.server.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    cluster.server.freeze();
    let large = || Draft { payload: Payload::Binary(vec![0; 6000].into()), ..draft(1) };
    let waiting = node.publish(&channel(), large(), Retention::DEFAULT);
    let refused = soon(node.publish(&channel(), large(), Retention::DEFAULT)).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    drop(waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_counts_as_no_redis() {
    let (primary, replica) = (RedisCluster::start(), RedisCluster::start());
    let address = Address::of(&replica.server).await;
    let port = primary.server.port().to_string();
    replica.server.run::<()>(&["REPLICAOF", "127.0.0.1", &port]);
    let config = RedisConfig { timeout: Duration::from_millis(300), ..config(address.url()) };
    let (node, _arrivals) = RedisBackbone::connect(config).await.unwrap();
    assert!(!node.is_ready());
    address.move_to(&primary.server);
    until(|| node.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_becomes_a_replica_is_left() {
    let (old, new) = (RedisCluster::start(), RedisCluster::start());
    let address = Address::of(&old.server).await;
    let (node, _arrivals) = RedisBackbone::connect(config(address.url())).await.unwrap();
    address.move_to(&new.server);
    old.server.run::<()>(&["REPLICAOF", "127.0.0.1", &new.server.port().to_string()]);
    let refused = node.publish(&channel(), draft(1), Retention::DEFAULT).await;
    assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    let publishing = async {
        while node.publish(&channel(), draft(1), Retention::DEFAULT).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), publishing).await.expect("it finds the new primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_becomes_a_replica_is_left_though_nobody_publishes() {
    let (old, new) = (RedisCluster::start(), RedisCluster::start());
    let address = Address::of(&old.server).await;
    let (node, mut arrivals) = RedisBackbone::connect(config(address.url())).await.unwrap();
    node.listen(&channel()).await.unwrap();
    address.move_to(&new.server);
    // As a replica it would go on announcing what the new primary announces, and miss what was in between.
    old.server.run::<()>(&["REPLICAOF", "127.0.0.1", &new.server.port().to_string()]);
    assert_eq!(next(&mut arrivals).await, Arrival::Interrupted(Interrupted::All));
    // By then everything else is at the new one too: what is read is its own.
    node.read(&channel(), 0, 9).await.unwrap();
    assert!(new.server.run::<bool>(&["EXISTS", "tidewire:tip:{news:today}"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_comes_disturbs_once_at_most() {
    // A primary begins another history with its first replica.
    let (primary, replica) = (RedisCluster::start(), RedisCluster::start());
    let mut node = Node::listening_to(&primary, &channel()).await;
    let port = primary.server.port().to_string();
    replica.server.run::<()>(&["REPLICAOF", "127.0.0.1", &port]);
    assert_eq!(node.arrival().await, Arrival::Interrupted(Interrupted::All));
    until(|| node.backbone.is_ready()).await;
    for seq in 1..=3 {
        node.append(&channel(), draft(seq), Retention::DEFAULT).await;
        assert_eq!(node.entry().await.1.seq, seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_takes_four_calls_in_the_steady_state() {
    let cluster = RedisCluster::start();
    let node = Node::of(&cluster).await;
    node.append(&channel(), draft(1), Retention::DEFAULT).await;
    cluster.server.run::<()>(&["CONFIG", "RESETSTAT"]);
    for seq in 2..=101 {
        node.append(&channel(), draft(seq), Retention::DEFAULT).await;
    }
    let stats: String = cluster.server.run(&["INFO", "commandstats"]);
    for command in ["evalsha", "hmget", "xadd", "hset"] {
        assert!(stats.contains(&format!("cmdstat_{command}:calls=100,")), "{command} in {stats}");
    }
    for command in ["hget", "pexpire", "xrange", "xtrim", "rename", "time", "script|load"] {
        assert!(!stats.contains(&format!("cmdstat_{command}:")), "{command} in {stats}");
    }
}

pub(crate) fn config(url: String) -> RedisConfig {
    RedisConfig::new(url.parse::<RedisAddresses>().unwrap())
}

pub(crate) fn channel() -> ChannelName {
    "news:today".parse().unwrap()
}

pub(crate) fn draft(seq: u64) -> Draft {
    Draft { publisher: PublisherId(1), seq, payload: Payload::Json("1".into()), user: None, force: false }
}

pub(crate) async fn next(arrivals: &mut Arrivals) -> Arrival {
    tokio::time::timeout(Duration::from_secs(10), arrivals.recv()).await.unwrap().unwrap()
}

/// Far sooner than any timeout.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(1), future).await.expect("it answers at once")
}

pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looking).await.expect("it happens in time");
}

fn remembering_for(dedup: Duration) -> Retention {
    Retention::Log { entries: 9, bytes: 1 << 20, age: Duration::from_secs(60), dedup }
}
