use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tidewire_backbone::contract::Cluster;
use tidewire_backbone::{Arrivals, Backbone, RedisBackbone};
use tidewire_test_redis::{Sentinels, Server, Settings, Topology};
use tokio::task::block_in_place;

use crate::cluster::taken;
use crate::redis::config;
use crate::starting::says;

const DOCUMENTATION: &str = include_str!("../../../docs/operations.md");

tidewire_backbone::backbone_contract!(Guarded::start());
tidewire_backbone::presence_contract!(Guarded::start());

/// Nodes that may no more than the documentation says.
struct Guarded(Server);

impl Guarded {
    fn start() -> Self {
        Self(Server::with(Settings::default().set("user", "default off").user(rule(0))))
    }
}

#[async_trait]
impl Cluster for Guarded {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let address = format!("redis://tidewire:PASSWORD@127.0.0.1:{}", self.0.port());
        let (node, arrivals) = RedisBackbone::connect(config(address)).await.unwrap();
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_need_no_more_than_the_documentation_says() {
    let data = Settings::default().set("user", "default off").user(rule(0));
    let sentinels = Sentinels::with(1, data, Settings::default().user(rule(1)));
    let address = sentinels.url().replace("://", "://tidewire:PASSWORD@");
    let login = "sentinel_user=tidewire&sentinel_password=PASSWORD";
    assert_eq!(says(format!("{address}?{login}")).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_cluster_needs_what_the_documentation_says_besides() {
    let (redis, slot, to) = redis_cluster(besides());
    let node = node_of(&redis).await;
    taken(&node, 1).await;
    block_in_place(|| redis.begin_migration(slot, to));
    taken(&node, 2).await;
    let answer = node.read(&"news:today".parse().unwrap(), 0, 9).await.unwrap();
    assert_eq!(answer.run.entries.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_move_keys_waits_until_they_were_moved() {
    let (redis, slot, to) = redis_cluster(&besides().replace("+migrate", ""));
    let node = node_of(&redis).await;
    taken(&node, 1).await;
    block_in_place(|| redis.begin_migration(slot, to));
    let refused = tokio::time::timeout(Duration::from_millis(500), taken(&node, 2)).await;
    assert!(refused.is_err(), "it was taken in the middle");
    block_in_place(|| redis.move_keys(slot, to));
    taken(&node, 2).await;
    block_in_place(|| redis.end_migration(slot, to));
    taken(&node, 3).await;
    let answer = node.read(&"news:today".parse().unwrap(), 0, 9).await.unwrap();
    assert_eq!(answer.run.entries.len(), 3);
}

fn besides() -> &'static str {
    DOCUMENTATION.lines().find(|line| line.starts_with("+cluster|nodes")).unwrap()
}

/// A cluster whose user may besides do this; the slot of a channel, and where it could go.
fn redis_cluster(besides: &str) -> (tidewire_test_redis::Cluster, u16, usize) {
    let data = Settings::default().set("user", "default off").user(&format!("{} {besides}", rule(0)));
    block_in_place(|| {
        let redis = tidewire_test_redis::Cluster::with(data);
        let slot = redis.slot("news:today");
        let to = (redis.primary_of(slot).unwrap() + 1) % 3;
        (redis, slot, to)
    })
}

async fn node_of(redis: &tidewire_test_redis::Cluster) -> RedisBackbone {
    let address = redis.url().replace("://", "://tidewire:PASSWORD@");
    // The arrivals may go: it does not listen.
    RedisBackbone::connect(config(address)).await.unwrap().0
}

/// One of the rules of the documentation, as it is there.
fn rule(number: usize) -> &'static str {
    let rules = DOCUMENTATION.lines().map(|line| line.strip_prefix("user "));
    rules.flatten().filter(|rule| rule.starts_with("tidewire on")).nth(number).unwrap()
}
