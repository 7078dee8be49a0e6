use std::time::Duration;

use tidewire_client::{Client, ClientOptions, Payload, SubscribeOptions, Subscription, SubscriptionEvent};
use tidewire_cluster_tests::{Node, NodeConfig, Redis};
use tidewire_protocol::ChannelName;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_whose_node_is_killed_three_times_gets_2000_publications_once_each_in_order() {
    let redis = Redis::start();
    let (mut mine, publishers) = (node(&redis), node(&redis));
    let subscriber = Client::connect(options(&[&mine, &publishers]));
    let mut news =
        subscriber.subscribe(&channel(), SubscribeOptions::default()).await.expect("an open client");
    subscribed(&mut news).await;
    let publisher = Client::connect(options(&[&publishers]));

    let publishing = tokio::spawn(async move {
        for number in 0..2_000 {
            publisher.publish(&channel(), numbered(number)).await.expect("accepted");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    });
    let mut seen = Vec::new();
    for kill_at in [400, 900, 1_400] {
        collect(&mut news, &mut seen, kill_at).await;
        tokio::task::block_in_place(|| mine.restart());
    }
    collect(&mut news, &mut seen, 2_000).await;
    publishing.await.expect("all published");

    assert_eq!(seen, (0..2_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_killed_off_its_node_in_mid_publish_writes_1000_publications_once_each() {
    let redis = Redis::start();
    let (mut first, mut second) = (node(&redis), node(&redis));
    let publisher = Client::connect(options(&[&first, &second]));
    let mut receipts = Vec::new();
    for number in 0..1_000 {
        receipts.push(publisher.publish_later(&channel(), numbered(number)).await.expect("an open client"));
        match number {
            // A few dozen are on their way at each of these moments.
            250 | 750 => tokio::task::block_in_place(|| first.restart()),
            500 => tokio::task::block_in_place(|| second.restart()),
            _ => {}
        }
    }
    for receipt in receipts {
        timeout(PATIENCE, receipt).await.expect("an answer").expect("accepted");
    }

    let log = logged(&second).await;
    assert_eq!(log, (0..1_000).collect::<Vec<_>>());
}

async fn logged(node: &Node) -> Vec<u32> {
    let reader = Client::connect(options(&[node]));
    let mut all =
        reader.subscribe(&channel(), SubscribeOptions { last: 4_096, since: None }).await.expect("open");
    let mut seen = Vec::new();
    let tip = subscribed(&mut all).await;
    collect(&mut all, &mut seen, usize::try_from(tip).expect("a small number")).await;
    seen
}

/// Waits until the subscription is live; the newest offset.
async fn subscribed(subscription: &mut Subscription) -> u64 {
    match timeout(PATIENCE, subscription.next_event()).await.expect("an event") {
        Some(SubscriptionEvent::Subscribed { position, .. }) => {
            position.expect("a channel with a log").offset
        }
        other => panic!("not subscribed: {other:?}"),
    }
}

/// Collects numbers until there are so many; a gap of any kind is a failure.
async fn collect(subscription: &mut Subscription, seen: &mut Vec<u32>, count: usize) {
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

fn node(redis: &Redis) -> Node {
    let config = "[namespaces.test]\nretention = { entries = 4096, age = \"10m\" }\n".to_owned();
    Node::start(NodeConfig { backbone: redis.url(), config })
}

fn options(nodes: &[&Node]) -> ClientOptions {
    let urls: Vec<String> = nodes.iter().map(|node| node.url()).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let mut options = ClientOptions::with_nodes(&urls).expect("addresses");
    options.events = 65_536;
    options
}

fn channel() -> ChannelName {
    "test:numbers".parse().expect("a name")
}

fn numbered(number: u32) -> Payload {
    Payload::Json(number.to_string().into())
}

fn number_of(payload: &Payload) -> u32 {
    std::str::from_utf8(payload.bytes()).ok().and_then(|text| text.parse().ok()).expect("a number")
}
