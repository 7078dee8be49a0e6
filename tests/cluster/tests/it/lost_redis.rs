use std::time::Duration;

use tidewire_client::{Client, Receipt, Status, SubscribeOptions, SubscriptionEvent};
use tidewire_session::Gap;
use tidewire_test_redis::Server as Redis;
use tokio::time::{sleep, timeout};

use crate::numbers::{PATIENCE, channel, collect, node, number_of, numbered, options, subscribed};

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_does_not_answer_publishers_keep_what_they_have_and_then_nothing_is_missing() {
    let redis = Redis::start();
    let (one, other) = (node(&redis), node(&redis));
    let subscriber = Client::connect(options(&[&one]));
    let mut news =
        subscriber.subscribe(&channel(), SubscribeOptions::default()).await.expect("an open client");
    subscribed(&mut news).await;
    let publisher = Client::connect(options(&[&other]));
    let mut seen = Vec::new();
    let before = publish(&publisher, 0..100).await;
    collect(&mut news, &mut seen, 100).await;

    redis.freeze();
    let during = publish(&publisher, 100..200).await;
    sleep(Duration::from_secs(8)).await;
    redis.thaw();

    collect(&mut news, &mut seen, 200).await;
    accepted(before).await;
    accepted(during).await;
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
    assert!(matches!(*subscriber.status().borrow(), Status::Live { .. }), "the subscriber stayed connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_empty_is_told_as_a_reset_and_gets_back_what_publishers_kept() {
    let mut redis = Redis::start();
    let node = node(&redis);
    let subscriber = Client::connect(options(&[&node]));
    let mut news =
        subscriber.subscribe(&channel(), SubscribeOptions::default()).await.expect("an open client");
    subscribed(&mut news).await;
    let publisher = Client::connect(options(&[&node]));
    accepted(publish(&publisher, 0..100).await).await;
    collect(&mut news, &mut Vec::new(), 100).await;

    tokio::task::block_in_place(|| redis.restart());

    let after = publish(&publisher, 100..200).await;
    loop {
        match timeout(PATIENCE, news.next_event()).await.expect("an event").expect("an open subscription") {
            SubscriptionEvent::Gap(Gap::Reset(_)) => break,
            SubscriptionEvent::Subscribed { .. } => {}
            other => panic!("publications of another log, and no word of it: {other:?}"),
        }
    }
    // What was accepted before the node looked is behind the reset; what is published after it arrives.
    accepted(after).await;
    accepted(publish(&publisher, 200..201).await).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&200) {
        match timeout(PATIENCE, news.next_event()).await.expect("an event").expect("an open subscription") {
            SubscriptionEvent::Publications { publications, .. } => {
                seen.extend(publications.iter().map(|publication| number_of(&publication.payload)));
            }
            SubscriptionEvent::Subscribed { .. } => {}
            other => panic!("unexpected: {other:?}"),
        }
    }
    let first = seen[0];
    assert_eq!(seen, (first..201).collect::<Vec<_>>(), "in order, once each");
    assert_eq!(crate::numbers::logged(&node).await, (0..201).collect::<Vec<_>>(), "the log has all again");
}

async fn publish(publisher: &Client, numbers: std::ops::Range<u32>) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for number in numbers {
        receipts.push(publisher.publish_later(&channel(), numbered(number)).await.expect("an open client"));
    }
    receipts
}

async fn accepted(receipts: Vec<Receipt>) {
    for receipt in receipts {
        timeout(PATIENCE, receipt).await.expect("an answer").expect("accepted");
    }
}
