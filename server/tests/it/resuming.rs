//! Who comes back gets what it missed, once and in order, or word that it is gone.

use std::sync::Arc;

use serde_json::{Value, json};
use tidewire_backbone::{RedisAddresses, RedisBackbone, RedisConfig, Retention};
use tidewire_server::AllowAll;
use tidewire_test_redis::{Server as Redis, Topology};

use crate::harness::{node, node_on_a_fallible_log, node_with, settings, start};

#[tokio::test]
async fn a_returning_subscriber_gets_what_it_missed() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    ada.subscribes("chat:lobby").await;
    let seen = node.publishes("chat:lobby", 1).await;
    drop(ada);
    for number in 2..=4 {
        node.publishes("chat:lobby", number).await;
    }
    let mut ada = node.connect(1).await;
    let subscribed = ada.resumes("chat:lobby", &[&seen]).await;
    assert_eq!(subscribed["from"], seen);
    assert_eq!(replayed(&subscribed), [2, 3, 4]);
    assert_eq!(subscribed["replay"][2]["position"], subscribed["position"]);
    node.publishes("chat:lobby", 5).await;
    assert_eq!(ada.hears_publications(1).await, [5]);
}

#[tokio::test]
async fn it_may_come_back_to_a_node_where_the_channel_is_unknown() {
    let here = node().await;
    let positions = publish_many(&here, 1..=9).await;
    let there = here.another().await;
    let mut ada = there.connect(1).await;
    assert_eq!(replayed(&ada.resumes("chat:lobby", &[&positions[4]]).await), [6, 7, 8, 9]);
    let mut ben = there.connect(2).await;
    assert_eq!(replayed(&ben.resumes("chat:lobby", &[&positions[1]]).await), [3, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn what_has_no_room_in_the_answer_follows_as_publications() {
    let mut settings = settings();
    settings.limits.replay_bytes = 1000;
    let here = node_with(settings, AllowAll).await;
    let first = here.publishes("chat:lobby", 0).await;
    publish_many(&here, 1..=200).await;
    // Once from the ring, once from the log.
    let there = here.another().await;
    let mut last = 200;
    for node in [&here, &there] {
        let mut ada = node.connect(1).await;
        let subscribed = ada.resumes("chat:lobby", &[&first]).await;
        let mut got = replayed(&subscribed);
        assert!((1..200).contains(&got.len()), "{} in the answer", got.len());
        // What is published meanwhile comes after it.
        last += 1;
        node.publishes("chat:lobby", last).await;
        let rest = ada.hears_publications(last as usize - got.len()).await;
        got.extend(rest.iter().map(|data| data.as_u64().unwrap()));
        assert_eq!(got, (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn it_continues_from_the_newest_offer_that_the_log_holds() {
    let here = node().await;
    let positions = publish_many(&here, 1..=9).await;
    let mut ada = here.connect(1).await;
    let subscribed =
        ada.resumes("chat:lobby", &["8-00000000", "7-11111111", &positions[4], &positions[1]]).await;
    assert_eq!(subscribed["from"], positions[4]);
    assert_eq!(replayed(&subscribed), [6, 7, 8, 9]);
}

#[tokio::test]
async fn a_position_below_the_log_is_told_that_the_log_was_trimmed() {
    let node = node_with(keeping(8), AllowAll).await;
    let positions = publish_many(&node, 1..=20).await;
    let mut ada = node.connect(1).await;
    let subscribed = ada.resumes("chat:lobby", &[&positions[2]]).await;
    assert_eq!((&subscribed["reset"], &subscribed["position"]), (&json!("trimmed"), &json!(positions[19])));
    assert!(subscribed.get("from").is_none() && subscribed.get("replay").is_none());
    node.publishes("chat:lobby", 21).await;
    assert_eq!(ada.hears_publications(1).await, [21]);
}

#[tokio::test]
async fn a_position_that_the_log_never_had_is_told_why() {
    let node = node().await;
    publish_many(&node, 1..=5).await;
    for (position, reason) in
        [("99-00000000", "rolled_back"), ("3-00000000", "rolled_back"), ("0-00000001", "replaced")]
    {
        let mut ada = node.connect(1).await;
        assert_eq!(ada.resumes("chat:lobby", &[position]).await["reset"], reason, "{position}");
    }
}

#[tokio::test]
async fn a_new_subscription_may_begin_before_the_tip() {
    let node = node().await;
    publish_many(&node, 1..=9).await;
    let mut ada = node.connect(1).await;
    ada.say(json!({"subscribe": {"id": 1, "channel": "chat:lobby", "last": 3}})).await;
    assert_eq!(replayed(&ada.hears("subscribed").await), [7, 8, 9]);
    ada.say(json!({"subscribe": {"id": 2, "channel": "chat:lobby", "last": 5}})).await;
    assert_eq!(replayed(&ada.hears("subscribed").await), [5, 6, 7, 8, 9]);
    ada.say(json!({"subscribe": {"id": 2, "channel": "chat:lobby", "last": 50}})).await;
    assert_eq!(replayed(&ada.hears("subscribed").await), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn nothing_is_missing_between_replay_and_what_is_live() {
    let here = node_with(keeping(1000), AllowAll).await;
    let start = here.publishes("chat:lobby", 0).await;
    let publishing = async {
        for number in 1..=300 {
            here.publishes("chat:lobby", number).await;
            tokio::task::yield_now().await;
        }
    };
    let there = here.another().await;
    let returning = async {
        for round in 0..20 {
            let mut ada = there.connect(round).await;
            let subscribed = ada.resumes("chat:lobby", &[&start]).await;
            let mut got = replayed(&subscribed);
            while got.len() < 300 {
                got.push(ada.hears("publication").await["data"].as_u64().unwrap());
            }
            assert_eq!(got, (1..=300).collect::<Vec<_>>());
        }
    };
    tokio::join!(publishing, returning);
}

#[tokio::test]
async fn a_storm_of_returns_reads_the_log_once_for_all() {
    let node = node_on_a_fallible_log(keeping(1000)).await;
    let mut start = String::new();
    for number in 0..=50 {
        let position = node.publishes("chat:lobby", number).await;
        if number == 0 {
            start = position;
        }
    }
    let mut clients = Vec::new();
    for number in 0..50 {
        clients.push(node.connect(number).await);
    }
    let since = [start.as_str()];
    let returns = clients.iter_mut().map(|client| client.resumes("chat:lobby", &since));
    for subscribed in futures_util::future::join_all(returns).await {
        assert_eq!(replayed(&subscribed).len(), 50);
    }
    assert!(node.backbone.reads() <= 2, "{} reads", node.backbone.reads());
}

#[tokio::test]
async fn who_return_from_different_places_share_a_read_too() {
    let node = node_on_a_fallible_log(keeping(1000)).await;
    let mut positions = Vec::new();
    for number in 0..300 {
        positions.push(node.publishes("chat:lobby", number).await);
    }
    let mut first = node.connect(0).await;
    assert_eq!(replayed(&first.resumes("chat:lobby", &[&positions[280]]).await).len(), 19);
    let mut clients = Vec::new();
    for number in 1..=60 {
        clients.push(node.connect(number).await);
    }
    let offers: Vec<_> = (0..60).map(|back| [positions[279 - back].as_str()]).collect();
    let returns = clients.iter_mut().zip(&offers).map(|(client, offer)| client.resumes("chat:lobby", offer));
    let subscribed = futures_util::future::join_all(returns).await;
    for (back, subscribed) in subscribed.iter().enumerate() {
        assert_eq!(subscribed["from"], positions[279 - back]);
        assert_eq!(replayed(subscribed).len(), 20 + back);
    }
    assert_eq!(node.backbone.reads(), 1);
    // From further back: one read for all within reach of each other, and none for who comes after them.
    for number in [130, 150, 190] {
        let mut late = node.connect(number).await;
        let position = positions[number as usize].as_str();
        assert_eq!(late.resumes("chat:lobby", &[position]).await["from"], position);
    }
    assert_eq!(node.backbone.reads(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_returns_to_a_new_node_asks_redis_once_for_a_channel() {
    const CLIENTS: usize = 500;
    let redis = tokio::task::block_in_place(Redis::start);
    let reads = || tokio::task::block_in_place(|| redis.info("commandstats", "cmdstat_xrange"));
    let config = RedisConfig::new(redis.url().parse::<RedisAddresses>().unwrap());
    let (before, news) = RedisBackbone::connect(config.clone()).await.unwrap();
    let before = start(keeping(1000), Arc::new(AllowAll), Arc::new(before), news).await;
    let mut positions = Vec::new();
    for number in 0..300 {
        positions.push(before.publishes("chat:lobby", number).await);
    }
    let (after, news) = RedisBackbone::connect(config).await.unwrap();
    let after = start(keeping(1000), Arc::new(AllowAll), Arc::new(after), news).await;
    assert_eq!(reads(), "");
    let returning = (0..CLIENTS).map(|number| {
        let (after, offer) = (&after, positions[299 - number % 60].as_str());
        async move { after.connect(number as u64).await.resumes("chat:lobby", &[offer]).await }
    });
    for (number, subscribed) in futures_util::future::join_all(returning).await.iter().enumerate() {
        assert_eq!(replayed(subscribed).len(), number % 60);
    }
    assert!(reads().starts_with("calls=1,"), "{}", reads());
}

fn keeping(entries: u32) -> tidewire_server::Settings {
    let mut settings = settings();
    let others = settings.namespaces.others.as_mut().unwrap();
    let minute = std::time::Duration::from_secs(60);
    others.retention = Retention::Log { entries, bytes: 1 << 20, age: minute, dedup: 10 * minute };
    settings
}

async fn publish_many(
    node: &crate::harness::TestNode,
    numbers: std::ops::RangeInclusive<u64>,
) -> Vec<String> {
    let mut positions = Vec::new();
    for number in numbers {
        positions.push(node.publishes("chat:lobby", number).await);
    }
    positions
}

fn replayed(subscribed: &Value) -> Vec<u64> {
    let publications = subscribed["replay"].as_array().cloned().unwrap_or_default();
    publications.iter().map(|publication| publication["data"].as_u64().unwrap()).collect()
}
