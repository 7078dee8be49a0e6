//! In every doubt the node verifies its positions against the log, and subscribers lose nothing in silence.

use serde_json::json;
use tidewire_server::Switches;

use crate::fallible::News;
use crate::harness::{Client, node_on_a_fallible_log, node_switched_on_a_fallible_log, publish, settings};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn what_never_arrived_is_fetched_after_an_interruption() {
    let node = node_on_a_fallible_log(settings()).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    node.publishes(CHANNEL, 1).await;
    node.backbone.news(News::GetsLost);
    node.publishes(CHANNEL, 2).await;
    node.publishes(CHANNEL, 3).await;
    node.backbone.interrupts().await;
    assert_eq!(ada.hears_publications(3).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_hole_is_noticed_by_the_next_arrival() {
    let node = node_on_a_fallible_log(settings()).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    node.backbone.news(News::GetsLost);
    node.publishes(CHANNEL, 1).await;
    node.backbone.news(News::Arrives);
    node.publishes(CHANNEL, 2).await;
    assert_eq!(ada.hears_publications(2).await, [1, 2]);
}

#[tokio::test]
async fn what_is_only_announced_is_read() {
    let node = node_on_a_fallible_log(settings()).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    node.backbone.news(News::IsAnnounced);
    for number in 1..=100 {
        node.publishes(CHANNEL, number).await;
    }
    let expected: Vec<_> = (1..=100).map(|number| json!(number)).collect();
    assert_eq!(ada.hears_publications(100).await, expected);
}

#[tokio::test]
async fn a_log_that_went_back_rewinds_those_who_are_past_it() {
    let node = node_switched_on_a_fallible_log(Switches { healing: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    let alias = ada.subscribes(CHANNEL).await["alias"].take();
    let mut positions = Vec::new();
    for number in 1..=5 {
        positions.push(node.publishes(CHANNEL, number).await);
    }
    ada.hears_publications(5).await;
    node.backbone.loses_all_but(CHANNEL, 3);
    node.backbone.interrupts().await;
    assert_eq!(ada.hears("rewound").await, json!({"alias": alias, "position": positions[2]}));
    node.publishes(CHANNEL, 6).await;
    assert_eq!(ada.hears_publications(1).await, [6]);
}

#[tokio::test]
async fn what_a_failover_left_of_a_long_log_is_not_read_again() {
    let node = node_switched_on_a_fallible_log(Switches { healing: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    for number in 1..=200 {
        node.publishes(CHANNEL, number).await;
    }
    ada.hears_publications(200).await;
    node.backbone.loses_all_but(CHANNEL, 180);
    node.backbone.news(News::GetsLost);
    for number in 201..=230 {
        node.publishes(CHANNEL, number).await;
    }
    let before = node.backbone.entries_read();
    node.backbone.interrupts().await;
    ada.hears("rewound").await;
    let expected: Vec<_> = (201..=230).map(|number| json!(number)).collect();
    assert_eq!(ada.hears_publications(30).await, expected);
    let read = node.backbone.entries_read() - before;
    assert!(read <= 100, "{read} entries");
}

#[tokio::test]
async fn an_arrival_of_another_history_rewinds_too() {
    let node = node_on_a_fallible_log(settings()).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    for number in 1..=5 {
        node.publishes(CHANNEL, number).await;
    }
    ada.hears_publications(5).await;
    node.backbone.loses_all_but(CHANNEL, 3);
    // At offset 4 again, with another tag.
    node.publishes(CHANNEL, 6).await;
    ada.hears("rewound").await;
    assert_eq!(ada.hears_publications(1).await, [6]);
}

#[tokio::test]
async fn a_log_that_is_gone_resets_all() {
    let node = node_on_a_fallible_log(settings()).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ada.subscribes(CHANNEL).await;
    ben.subscribes(CHANNEL).await;
    node.publishes(CHANNEL, 1).await;
    node.backbone.loses_everything();
    node.backbone.interrupts().await;
    for client in [&mut ada, &mut ben] {
        client.hears("publication").await;
        assert_eq!(client.hears("reset").await["reason"], "replaced");
    }
    node.publishes(CHANNEL, 2).await;
    for client in [&mut ada, &mut ben] {
        assert_eq!(client.hears_publications(1).await, [2]);
    }
}

#[tokio::test]
async fn a_backbone_that_is_lost_refuses_publishes_and_keeps_subscribers() {
    let node = node_on_a_fallible_log(settings()).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ada.subscribes(CHANNEL).await;
    node.backbone.goes_down();
    assert!(!node.node.is_ready());
    ben.say(publish(CHANNEL, 1, "hi")).await;
    refused_unavailable(&mut ben).await;
    ben.say(json!({"subscribe": {"id": 2, "channel": "chat:other"}})).await;
    refused_unavailable(&mut ben).await;

    node.backbone.interrupts().await;
    node.backbone.news(News::GetsLost);
    node.backbone.comes_back().await;
    ben.publishes(CHANNEL, 1, "hi").await;
    node.backbone.interrupts().await;
    assert_eq!(ada.hears_publications(1).await, ["hi"]);
}

#[tokio::test]
async fn while_the_log_cannot_be_read_the_ring_serves_who_returns() {
    let node = node_on_a_fallible_log(settings()).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ada.subscribes(CHANNEL).await;
    let seen = node.publishes(CHANNEL, 1).await;
    node.publishes(CHANNEL, 2).await;
    ada.hears_publications(2).await;
    node.backbone.goes_down();
    node.backbone.interrupts().await;
    let subscribed = ben.resumes(CHANNEL, &[&seen]).await;
    assert_eq!((&subscribed["from"], &subscribed["replay"][0]["data"]), (&json!(seen), &json!(2)));
    node.backbone.comes_back().await;
    node.publishes(CHANNEL, 3).await;
    assert_eq!(ben.hears_publications(1).await, [3]);
}

#[tokio::test]
async fn who_comes_while_much_is_only_announced_does_not_wait_for_an_end() {
    let node = node_on_a_fallible_log(settings()).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    node.backbone.news(News::IsAnnounced);
    let mut ben = node.connect(2).await;
    for number in 1..=100 {
        node.publishes(CHANNEL, number).await;
        ben.subscribes(CHANNEL).await;
        ben.say(json!({"unsubscribe": {"id": 2, "channel": CHANNEL}})).await;
        while ben.next().await.get("unsubscribed").is_none() {}
    }
    let expected: Vec<_> = (1..=100).map(|number| json!(number)).collect();
    assert_eq!(ada.hears_publications(100).await, expected);
}

async fn refused_unavailable(client: &mut Client) {
    assert_eq!(client.hears("refused").await["code"], "unavailable");
}
