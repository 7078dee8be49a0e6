//! Who wants to be woken less often gets publications together, in the order that they have without.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Client, node};
use crate::shared_client::{Said, SharedClient};

const CHANNEL: &str = "chat:lobby";
/// Longer than it takes to publish a little, on any machine.
const EVERY_MS: u32 = 500;

#[tokio::test]
async fn what_comes_within_the_time_goes_together_and_in_order() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.subscribes(CHANNEL).await;
    coalesces(&mut client, EVERY_MS).await;
    for number in 0..20 {
        node.publishes(CHANNEL, number).await;
    }
    let (mut heard, mut messages) = (Vec::new(), 0);
    while heard.len() < 20 {
        heard.extend(said(&mut client).await.iter().map(|frame| frame["publication"]["data"].clone()));
        messages += 1;
    }
    assert_eq!(heard, (0..20).map(Value::from).collect::<Vec<_>>());
    assert!(messages <= 3, "20 publications came in {messages} messages");
}

#[tokio::test]
async fn an_answer_takes_along_what_waits_for_it() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.subscribes(CHANNEL).await;
    coalesces(&mut client, u32::MAX).await;
    node.publishes(CHANNEL, "news").await;
    client.say(json!({"ping": {}})).await;
    assert_eq!(client.hears("publication").await["data"], "news");
    client.hears("pong").await;
}

#[tokio::test]
async fn who_wants_it_no_more_gets_what_waits_and_the_rest_as_it_comes() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.subscribes(CHANNEL).await;
    coalesces(&mut client, u32::MAX).await;
    node.publishes(CHANNEL, 0).await;
    coalesces(&mut client, 0).await;
    for number in 1..10 {
        node.publishes(CHANNEL, number).await;
        let heard = said(&mut client).await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0]["publication"]["data"], number);
    }
}

#[tokio::test]
async fn what_is_alike_for_those_who_share_a_socket_still_goes_once() {
    let node = node().await;
    let mut tabs = SharedClient::dial(node.address).await;
    for stream in [1, 2] {
        tabs.comes(stream, CHANNEL).await;
        tabs.say(stream, json!({"coalesce": {"every_ms": EVERY_MS}})).await;
        tabs.say(stream, json!({"ping": {}})).await;
        tabs.hears(stream, "pong").await;
    }
    for number in 0..10 {
        node.publishes(CHANNEL, number).await;
    }
    let (mut heard, mut messages) = (0, 0);
    while heard < 10 {
        let Said::Frames(streams, frames) = tabs.message().await else { panic!("closed") };
        assert_eq!(streams, [1, 2]);
        heard += frames.len();
        messages += 1;
    }
    assert!(messages <= 3, "10 publications came in {messages} messages");
}

/// Its deliveries may wait so long from now on.
async fn coalesces(client: &mut Client, every_ms: u32) {
    client.say_all([json!({"coalesce": {"every_ms": every_ms}}), json!({"ping": {}})]).await;
    while client.next().await.get("pong").is_none() {}
}

/// What the next message says.
async fn said(client: &mut Client) -> Vec<Value> {
    let Message::Text(text) = client.message().await else { panic!("no text") };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
