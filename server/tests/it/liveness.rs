//! Who says nothing is asked, and who does not answer is closed; a deserted channel is left, and taken up again.

use std::time::Duration;

use serde_json::json;
use tidewire_server::AllowAll;

use crate::harness::{node_with, settings};

#[tokio::test]
async fn a_silent_connection_is_asked_and_lives_as_long_as_it_answers() {
    let mut settings = settings();
    settings.heartbeat = Duration::from_millis(80);
    settings.heartbeat_grace = Duration::from_millis(500);
    let node = node_with(settings, AllowAll).await;
    let mut ada = node.connect(1).await;
    for _ in 0..10 {
        ada.hears_ping().await;
        ada.say(json!({"pong": {}})).await;
    }
}

#[tokio::test]
async fn a_connection_that_does_not_answer_is_closed() {
    let mut settings = settings();
    settings.heartbeat = Duration::from_millis(80);
    settings.heartbeat_grace = Duration::from_millis(80);
    let node = node_with(settings, AllowAll).await;
    let mut ada = node.connect(1).await;
    ada.hears_ping().await;
    assert_eq!(ada.hears_close().await, (4001, "nothing was heard for too long".to_owned()));
}

#[tokio::test]
async fn a_deserted_channel_is_left_and_taken_up_again() {
    let mut settings = settings();
    settings.linger = Duration::from_millis(20);
    settings.limits.hello_within = Duration::from_millis(100);
    let node = node_with(settings, AllowAll).await;
    let mut ada = node.connect(1).await;
    for round in 0..5 {
        let first = ada.subscribes("chat:lobby").await["alias"].take();
        ada.say(json!({"unsubscribe": {"id": 2, "channel": "chat:lobby"}})).await;
        ada.hears("unsubscribed").await;
        node.leaves_deserted_channels().await;
        let again = ada.subscribes("chat:lobby").await["alias"].take();
        assert_ne!(first, again, "the channel was never left");
        node.publishes("chat:lobby", round).await;
        assert_eq!(ada.hears_publications(1).await, [round]);
        ada.say(json!({"unsubscribe": {"id": 3, "channel": "chat:lobby"}})).await;
        ada.hears("unsubscribed").await;
        node.leaves_deserted_channels().await;
    }
}
