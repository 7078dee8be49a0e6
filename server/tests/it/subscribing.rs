use serde_json::json;

use crate::harness::{node, publish};

#[tokio::test]
async fn a_publication_reaches_every_subscriber_once_and_its_publisher_too() {
    let node = node().await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    let subscribed = ada.subscribes("chat:lobby").await;
    ben.subscribes("chat:lobby").await;
    assert_eq!(subscribed["from"], subscribed["position"]);

    ada.say(publish("chat:lobby", 1, "hi")).await;
    let got = ben.hears("publication").await;
    assert_eq!((&got["data"], &got["alias"]), (&json!("hi"), &subscribed["alias"]));
    assert_eq!(ada.hears_publications_and_answers(1, 1).await, [json!("hi")]);
}

#[tokio::test]
async fn publications_of_one_connection_keep_their_order_on_another_node() {
    let here = node().await;
    let there = here.another().await;
    let (mut ada, mut ben) = (here.connect(1).await, there.connect(2).await);
    ben.subscribes("chat:lobby").await;
    ada.say_all((1..=200).map(|seq| publish("chat:lobby", seq, seq))).await;
    let expected: Vec<_> = (1..=200).map(|seq| json!(seq)).collect();
    assert_eq!(ben.hears_publications(200).await, expected);
    for seq in 1..=200 {
        assert_eq!(ada.hears("published").await["id"], seq);
    }
}

#[tokio::test]
async fn publishing_again_makes_no_second_copy() {
    let node = node().await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ben.subscribes("chat:lobby").await;
    let first = ada.publishes("chat:lobby", 1, "one").await;
    let again = ada.publishes("chat:lobby", 1, "one").await;
    ada.publishes("chat:lobby", 2, "two").await;
    assert_eq!(first, again);
    assert_eq!(ben.hears_publications(2).await, [json!("one"), json!("two")]);
}

#[tokio::test]
async fn a_seq_that_comes_too_early_is_behind() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    ada.publishes("chat:lobby", 1, "one").await;
    ada.say(publish("chat:lobby", 3, "three")).await;
    assert_eq!(ada.hears("behind").await, json!({"id": 3, "last": 1}));
}

#[tokio::test]
async fn after_unsubscribing_nothing_comes() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    let alias = ada.subscribes("chat:lobby").await["alias"].take();
    ada.say(json!({"unsubscribe": {"id": 2, "channel": "chat:lobby"}})).await;
    assert_eq!(ada.hears("unsubscribed").await, json!({"alias": alias, "code": "requested", "id": 2}));
    ada.say(publish("chat:lobby", 1, "hi")).await;
    ada.hears("published").await;
    ada.say(json!({"ping": {}})).await;
    ada.hears("pong").await;
    ada.say(json!({"unsubscribe": {"id": 3, "channel": "chat:lobby"}})).await;
    assert_eq!(ada.hears("refused").await["code"], "not_subscribed");
}
