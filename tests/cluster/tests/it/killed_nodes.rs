use std::time::Duration;

use tidewire_client::{Client, SubscribeOptions};
use tidewire_test_redis::Server as Redis;
use tokio::time::timeout;

use crate::numbers::{PATIENCE, channel, collect, logged, node, numbered, options, subscribed};

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
