//! How a node goes away.

use std::time::Duration;

use serde_json::json;

use crate::harness::node;

#[tokio::test]
async fn a_node_that_goes_away_says_so_and_closes_who_is_left() {
    let node = node().await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    let draining = tokio::spawn({
        let node = node.node.clone();
        async move { node.drain(Duration::from_millis(200), Duration::from_millis(100)).await }
    });
    for client in [&mut ada, &mut ben] {
        assert_eq!(client.hears("going_away").await, json!({"within_ms": 200, "spread_ms": 100}));
    }
    assert!(!node.node.is_ready());
    drop(ada);
    assert_eq!(ben.hears_close().await.0, 4000);
    drop(ben);
    draining.await.unwrap();
    assert_eq!(node.node.connections(), 0);
}

#[tokio::test]
async fn a_node_that_nobody_uses_goes_at_once() {
    let node = node().await;
    let hour = Duration::from_secs(3600);
    tokio::time::timeout(Duration::from_secs(5), node.node.drain(hour, hour)).await.unwrap();
}

#[tokio::test]
async fn a_user_can_be_disconnected() {
    let node = node().await;
    let mut ada = node.dial().await;
    ada.say(json!({"hello": {"sdk": "test", "token": "ada"}})).await;
    ada.hears("welcome").await;
    let mut ben = node.connect(2).await;
    let code = tidewire_protocol::CloseCode::Disconnected;
    assert_eq!(node.node.disconnect("ada", code, "logged out"), 1);
    assert_eq!(ada.hears_close().await, (4507, "logged out".to_owned()));
    ben.say(json!({"ping": {}})).await;
    ben.hears("pong").await;
}
