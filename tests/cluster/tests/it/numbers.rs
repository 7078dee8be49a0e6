//! Publications that are numbers, so that what is missing, doubled or out of order is seen at once.

use std::time::Duration;

use tidewire_client::{Client, ClientOptions, Payload, SubscribeOptions, Subscription, SubscriptionEvent};
use tidewire_cluster_tests::{Node, NodeConfig};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::Topology;
use tokio::time::timeout;

pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// All numbers in the log, as a node reads them.
pub(crate) async fn logged(node: &Node) -> Vec<u32> {
    let reader = Client::connect(options(&[node]));
    let mut all =
        reader.subscribe(&channel(), SubscribeOptions { last: 4_096, since: None }).await.expect("open");
    let mut seen = Vec::new();
    let tip = subscribed(&mut all).await;
    collect(&mut all, &mut seen, usize::try_from(tip).expect("a small number")).await;
    seen
}

/// Waits until the subscription is live; the newest offset.
pub(crate) async fn subscribed(subscription: &mut Subscription) -> u64 {
    match timeout(PATIENCE, subscription.next_event()).await.expect("an event") {
        Some(SubscriptionEvent::Subscribed { position, .. }) => {
            position.expect("a channel with a log").offset
        }
        other => panic!("not subscribed: {other:?}"),
    }
}

/// Collects numbers until there are so many; a gap of any kind is a failure.
pub(crate) async fn collect(subscription: &mut Subscription, seen: &mut Vec<u32>, count: usize) {
    while seen.len() < count {
        match timeout(PATIENCE, subscription.next_event()).await {
            Ok(Some(SubscriptionEvent::Publications { publications, .. })) => {
                seen.extend(publications.iter().map(|publication| number_of(&publication.payload)));
            }
            Ok(Some(SubscriptionEvent::Subscribed { recovered, .. })) => {
                assert!(recovered, "it lost its place")
            }
            other => panic!("after {} of {count}: {other:?}", seen.len()),
        }
    }
}

pub(crate) fn node(redis: &impl Topology) -> Node {
    let config = "[namespaces.test]\nretention = { entries = 4096, age = \"10m\" }\n".to_owned();
    Node::start(NodeConfig { backbone: redis.url(), config })
}

pub(crate) fn options(nodes: &[&Node]) -> ClientOptions {
    let urls: Vec<String> = nodes.iter().map(|node| node.url()).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let mut options = ClientOptions::with_nodes(&urls).expect("addresses");
    options.events = 65_536;
    options
}

pub(crate) fn channel() -> ChannelName {
    "test:numbers".parse().expect("a name")
}

pub(crate) fn numbered(number: u32) -> Payload {
    Payload::Json(number.to_string().into())
}

pub(crate) fn number_of(payload: &Payload) -> u32 {
    std::str::from_utf8(payload.bytes()).ok().and_then(|text| text.parse().ok()).expect("a number")
}
