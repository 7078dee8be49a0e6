use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use tidewire_client::{Client, SubscribeOptions, Subscription, SubscriptionEvent};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::Server as Redis;
use tokio::time::timeout;

use crate::numbers::{PATIENCE, node, number_of, numbered, options, subscribed};

/// A process may hold 20,000 files: both nodes and this test each have a socket for every client.
const CLIENTS: usize = 10_000;
const CHANNELS: usize = 100;
/// How many publications of a channel its subscribers miss.
const MISSED: u32 = 5;
const CONNECTING_AT_ONCE: usize = 200;
const LATEST: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "two minutes, and only a release build measures the node: add --release and -- --ignored"]
async fn ten_thousand_clients_of_a_killed_node_are_live_on_another_and_caught_up_within_8_s() {
    let redis = Redis::start();
    let (mut killed, other) = (node(&redis), node(&redis));
    let publisher = Client::connect(options(&[&other]));
    publish(&publisher, 0).await;
    let mut returning = options(&[&killed, &other]);
    returning.events = 64;
    let subscribing = stream::iter(0..CLIENTS).map(|nth| {
        let client = Client::connect(returning.clone());
        async move {
            let news = client.subscribe(&channel(nth % CHANNELS), SubscribeOptions::default()).await;
            let mut news = news.expect("an open client");
            subscribed(&mut news).await;
            (client, news)
        }
    });
    let clients: Vec<(Client, Subscription)> =
        subscribing.buffer_unordered(CONNECTING_AT_ONCE).collect().await;

    let reads_before = reads_of(&redis);
    let began = Instant::now();
    tokio::task::block_in_place(|| killed.process().kill());
    let catching_up = clients.into_iter().map(|(client, news)| tokio::spawn(catches_up(client, news)));
    let catching_up: Vec<_> = catching_up.collect();
    for number in 1..=MISSED {
        publish(&publisher, number).await;
    }
    let caught_up = join_all(catching_up).await;
    let clients: Vec<_> = caught_up.into_iter().map(|one| one.expect("all, once, in order")).collect();
    let mut times: Vec<Duration> = clients.iter().map(|(_, at)| at.duration_since(began)).collect();
    times.sort_unstable();
    let (median, latest) = (times[CLIENTS / 2], times[CLIENTS - 1]);
    let reads = reads_of(&redis) - reads_before;

    println!(
        "{CLIENTS} clients of a killed node caught up on another: the median after {median:?}, the last after \
         {latest:?}; {reads} reads of {CHANNELS} channels"
    );
    assert!(latest <= LATEST, "the last client was caught up after {latest:?}");
    assert!(reads <= CHANNELS as u64, "{reads} reads of {CHANNELS} channels");
}

/// Waits until a subscription is live again and has all that it missed, each once and in order; says when.
async fn catches_up(client: Client, mut news: Subscription) -> (Client, Instant) {
    let (mut returned, mut seen) = (false, 0);
    while !returned || seen < MISSED {
        match timeout(PATIENCE, news.next_event()).await.expect("an event") {
            Some(SubscriptionEvent::Subscribed { recovered, .. }) => {
                assert!(recovered, "it lost its place");
                returned = true;
            }
            Some(SubscriptionEvent::Publications { publications, .. }) => {
                for publication in publications {
                    seen += 1;
                    assert_eq!(number_of(&publication.payload), seen, "missing, doubled or out of order");
                }
            }
            other => panic!("after {seen} of {MISSED}: {other:?}"),
        }
    }
    (client, Instant::now())
}

/// Publishes a number in every channel.
async fn publish(publisher: &Client, number: u32) {
    let mut receipts = Vec::new();
    for nth in 0..CHANNELS {
        receipts
            .push(publisher.publish_later(&channel(nth), numbered(number)).await.expect("an open client"));
    }
    for receipt in receipts {
        timeout(PATIENCE, receipt).await.expect("an answer").expect("accepted");
    }
}

/// How often nodes have read of logs.
fn reads_of(redis: &Redis) -> u64 {
    ["cmdstat_xrange", "cmdstat_xrevrange"]
        .map(|command| {
            let told = tokio::task::block_in_place(|| redis.info("commandstats", command));
            let calls = told.strip_prefix("calls=").and_then(|told| told.split(',').next());
            calls.map_or(0, |calls| calls.parse().expect("a count"))
        })
        .into_iter()
        .sum()
}

fn channel(nth: usize) -> ChannelName {
    format!("test:return-{nth}").parse().expect("a name")
}
