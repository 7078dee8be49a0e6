//! Whose publication it is: the publisher of hello, or the one that the publish itself names.

use serde_json::json;

use crate::harness::{node, publish};

#[tokio::test]
async fn a_publish_that_names_its_publisher_counts_for_that_one() {
    let node = node().await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ben.subscribes("chat:lobby").await;
    ada.publishes("chat:lobby", 1, "as who I was").await;

    let mut renamed = publish("chat:lobby", 1, "as who I am");
    renamed["publish"]["publisher"] = json!("00000000000000ff");
    ada.say(renamed).await;
    ada.hears("published").await;

    assert_eq!(ben.hears_publications(2).await, [json!("as who I was"), json!("as who I am")]);
}

#[tokio::test]
async fn who_publishes_without_a_publisher_is_refused() {
    let node = node().await;
    let mut ada = node.dial().await;
    ada.say(json!({"hello": {"sdk": "test"}})).await;
    ada.hears("welcome").await;
    ada.say(publish("chat:lobby", 1, "nobody's")).await;
    assert_eq!(ada.hears("refused").await["code"], "bad_seq");

    let mut named = publish("chat:lobby", 1, "somebody's");
    named["publish"]["publisher"] = json!("00000000000000ff");
    ada.say(named).await;
    ada.hears("published").await;
}
