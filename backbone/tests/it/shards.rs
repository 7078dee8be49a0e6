use std::sync::Arc;

use async_trait::async_trait;
use tidewire_backbone::contract::{Cluster, Node};
use tidewire_backbone::{Arrival, Arrivals, Backbone, BackboneError, Interrupted, RedisBackbone, Retention};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::{Server, Topology};

use crate::redis::{config, draft, next, until};

tidewire_backbone::backbone_contract!(Shards::start());
tidewire_backbone::presence_contract!(Shards::start());

/// Nodes on three Redis servers.
struct Shards([Server; 3]);

impl Shards {
    fn start() -> Self {
        Self([Server::start(), Server::start(), Server::start()])
    }
}

#[async_trait]
impl Cluster for Shards {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let addresses = self.0.each_ref().map(Topology::url).join(" ");
        let (node, arrivals) = RedisBackbone::connect(config(addresses)).await.unwrap();
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_spread_over_all_servers() {
    let shards = Shards::start();
    let node = Node::of(&shards).await;
    for channel in channels() {
        node.append(&channel, draft(1), Retention::DEFAULT).await;
    }
    for server in &shards.0 {
        let keys: u64 = server.run(&["DBSIZE"]);
        assert!(keys > 10, "{keys} keys of 120");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_server_concerns_its_channels_alone() {
    let mut shards = Shards::start();
    let (node, mut arrivals) = shards.node().await;
    for channel in channels() {
        node.publish(&channel, draft(1), Retention::DEFAULT).await.unwrap();
        node.listen(&channel).await.unwrap();
    }
    let dead = &mut shards.0[1];
    let is_there =
        |channel: &ChannelName| dead.run::<u64>(&["EXISTS", &format!("tidewire:log:{{{channel}}}")]) == 1;
    let (concerned, spared): (Vec<_>, Vec<_>) = channels().partition(is_there);
    dead.kill();
    for channel in &concerned {
        let refused = node.publish(channel, draft(2), Retention::DEFAULT).await;
        assert!(matches!(refused, Err(BackboneError::Unavailable(_))), "{refused:?}");
    }
    assert!(node.is_ready());
    for channel in &spared {
        node.publish(channel, draft(2), Retention::DEFAULT).await.unwrap();
        assert!(matches!(next(&mut arrivals).await, Arrival::Published(of, _) if of == *channel));
    }
    shards.0[1].restart();
    let Arrival::Interrupted(Interrupted::Channels(mut told)) = next(&mut arrivals).await else {
        panic!("another server's return is no doubt")
    };
    told.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    let mut expected = concerned;
    expected.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    assert_eq!(told, expected);
    until(|| node.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_knows_its_place() {
    let shards = Shards::start();
    let _node = Node::of(&shards).await;
    for (server, place) in shards.0.iter().zip(["1 of 3", "2 of 3", "3 of 3"]) {
        let known = || server.run::<Option<String>>(&["GET", "tidewire:place:{tidewire:nodes}"]);
        until(|| known().as_deref() == Some(place)).await;
    }
}

fn channels() -> impl Iterator<Item = ChannelName> {
    (0..60).map(|number| format!("room:{number}").parse().unwrap())
}
