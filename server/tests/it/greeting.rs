use serde_json::json;

use crate::harness::{node, node_with, settings};

#[tokio::test]
async fn hello_is_answered_with_what_a_client_needs_to_know() {
    let node = node().await;
    let mut client = node.dial().await;
    client.say(json!({"hello": {"sdk": "test", "token": "ada"}})).await;
    let welcome = client.hears("welcome").await;
    assert_eq!(welcome["user"], "ada");
    assert_eq!(welcome["heartbeat_ms"], 25_000);
    assert_eq!(welcome["limits"]["message_bytes"], 65_536);
    assert!(welcome.get("features").is_none(), "no presence is offered: {welcome}");
}

#[tokio::test]
async fn hello_subscribes_and_publishes_may_come_in_one_message() {
    let node = node().await;
    let mut client = node.dial().await;
    client
        .say_all([
            json!({"hello": {"sdk": "test", "publisher": "00000000000000aa"}}),
            json!({"subscribe": {"id": 1, "channel": "chat:lobby"}}),
            json!({"publish": {"id": 2, "channel": "chat:lobby", "seq": 1, "data": "hi"}}),
        ])
        .await;
    client.hears("welcome").await;
    client.hears("subscribed").await;
    let mut kinds = [client.next().await, client.next().await].map(|frame| frame.to_string());
    kinds.sort();
    assert!(kinds[0].starts_with(r#"{"publication""#), "{kinds:?}");
    assert!(kinds[1].starts_with(r#"{"published""#), "{kinds:?}");
}

#[tokio::test]
async fn who_says_no_hello_in_time_is_closed() {
    let mut settings = settings();
    settings.limits.hello_within = std::time::Duration::from_millis(50);
    let node = node_with(settings, tidewire_server::AllowAll).await;
    let mut client = node.dial().await;
    assert_eq!(client.hears_close().await.0, 4002);
}

#[tokio::test]
async fn the_first_frame_must_be_hello_and_the_only_one() {
    let node = node().await;
    let mut client = node.dial().await;
    client.say(json!({"subscribe": {"id": 1, "channel": "chat:lobby"}})).await;
    assert_eq!(client.hears_close().await, (4506, "the first frame must be hello".to_owned()));

    let mut client = node.connect(1).await;
    client.say(json!({"hello": {"sdk": "test"}})).await;
    assert_eq!(client.hears_close().await, (4506, "hello comes once".to_owned()));
}
