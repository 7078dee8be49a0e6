//! How a node goes away.

use std::time::Duration;

use serde_json::json;

use tidewire_server::{AllowAll, AlreadyDraining, Percent, Settings, Stage};

use tokio_tungstenite::tungstenite;

use crate::harness::{Client, node, node_with, settings};

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
async fn a_node_whose_drain_was_begun_takes_nobody_and_goes_on_answering_until_it_is_stopped() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    node.node.start_draining().unwrap();
    assert_eq!(node.node.start_draining(), Err(AlreadyDraining));
    ada.hears("going_away").await;
    assert_eq!(node.node.stage(), Stage::Draining);
    let refused = node.try_dial().await.err().expect("a refusal");
    let tungstenite::Error::Http(refused) = refused else { panic!("{refused}") };
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["connection"]),
        (503, &"close".parse().unwrap())
    );

    ada.say(json!({"subscribe": {"id": 1, "channel": "test:room"}})).await;
    ada.hears("subscribed").await;
    drop(ada);
    node.is_drained().await;
    node.publishes("test:room", 1).await;
    // What it was told first stands: nobody is waited for.
    let hour = Duration::from_secs(3600);
    tokio::time::timeout(Duration::from_secs(5), node.node.drain(hour, hour)).await.unwrap();
}

#[tokio::test]
async fn who_says_hello_when_the_others_have_been_told_is_told_too() {
    let node = node().await;
    let mut ada = node.dial().await;
    node.node.start_draining().unwrap();
    ada.say(json!({"hello": {"sdk": "test"}})).await;
    ada.hears("welcome").await;
    ada.hears("going_away").await;
}

#[tokio::test]
async fn a_share_of_the_clients_is_asked_to_move_each_once_and_nobody_is_closed() {
    let node = node().await;
    let mut clients = Vec::new();
    for publisher in 1..=10 {
        clients.push(node.connect(publisher).await);
    }
    let _not_greeted = node.dial().await;
    assert_eq!(node.node.shed(Percent::new(30).unwrap()), 3);
    assert_eq!(asked(&mut clients).await, 3);
    // Of the seven others.
    assert_eq!(node.node.shed(Percent::new(100).unwrap()), 7);
    assert_eq!(asked(&mut clients).await, 7);
    assert_eq!(node.node.shed(Percent::new(100).unwrap()), 0);
    assert_eq!(node.node.stage(), Stage::Serving);
    let _still_welcome = node.connect(11).await;
}

#[tokio::test]
async fn a_client_is_asked_to_move_when_its_connection_is_old_and_not_before() {
    let old = Duration::from_secs(4);
    let node = node_with(Settings { connection_age: Some(old), ..settings() }, AllowAll).await;
    let connected = tokio::time::Instant::now();
    let mut ada = node.connect(1).await;
    ada.hears("going_away").await;
    assert!(connected.elapsed() >= old * 3 / 4, "after {:?}", connected.elapsed());
    ada.say(json!({"ping": {}})).await;
    ada.hears("pong").await;
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

/// How many have been asked to move since the last time.
async fn asked(clients: &mut [Client]) -> usize {
    let mut asked = 0;
    for client in clients {
        client.say(json!({"ping": {}})).await;
        while client.next().await.get("pong").is_none() {
            asked += 1;
        }
    }
    asked
}
