//! Everything that shows what is in a channel passes the gate of subscribing, in whatever order the frames come.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::{Value, json};
use tidewire_protocol::{ChannelName, CloseCode, RefusalCode};
use tidewire_server::{Closing, Credentials, Identity, Policy, Refusal};

use crate::harness::{Client, TestNode, node_with, publish, settings};

/// Channels `open:…` are everyone's; `secret:…` belong to the user `ada`. A token is a user's name, `late` one
/// that expires soon, `expired` one that has.
struct Doorkeeper;

#[async_trait]
impl Policy for Doorkeeper {
    async fn connect(&self, credentials: Credentials) -> Result<Identity, Closing> {
        let now = SystemTime::now();
        let expires_at = match credentials.token.as_deref() {
            Some("expired") => Some(now - Duration::from_secs(1)),
            Some("late") => Some(now + Duration::from_millis(50)),
            Some("forged") => return Err(Closing::new(CloseCode::TokenInvalid, "the signature is wrong")),
            Some(_) | None => None,
        };
        Ok(Identity { user: credentials.token, expires_at, ..Identity::anonymous() })
    }

    async fn refresh(&self, _: &Identity, credentials: Credentials) -> Result<Identity, Closing> {
        self.connect(credentials).await
    }

    async fn subscribe(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        // Not at once, as a policy that asks somebody else.
        tokio::task::yield_now().await;
        match channel.namespace() == "open" || identity.user.as_deref() == Some("ada") {
            true => Ok(()),
            false => Err(Refusal::new(RefusalCode::Forbidden, format!("not allowed in {channel}"))),
        }
    }

    async fn publish(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        self.subscribe(identity, channel).await
    }
}

#[tokio::test]
async fn nothing_of_a_forbidden_channel_is_shown_in_any_order_of_requests() {
    let node = node_with(settings(), Doorkeeper).await;
    let (mut ada, position) = ada_in_her_channel(&node).await;
    let requests = [
        json!({"subscribe": {"id": 1, "channel": "secret:diary"}}),
        json!({"subscribe": {"id": 2, "channel": "secret:diary", "since": [position]}}),
        json!({"subscribe": {"id": 3, "channel": "secret:diary", "last": 10}}),
        json!({"history": {"id": 4, "channel": "secret:diary"}}),
        json!({"history": {"id": 5, "channel": "secret:diary", "since": position}}),
        json!({"presence": {"id": 6, "channel": "secret:diary"}}),
        publish("secret:diary", 7, "intruding"),
    ];
    for order in 0..requests.len() {
        let mut eve = node.dial().await;
        let mut frames =
            vec![json!({"hello": {"sdk": "test", "token": "eve", "publisher": "00000000000000ee"}})];
        frames.extend(requests.iter().cycle().skip(order).take(requests.len()).cloned());
        frames.push(json!({"subscribe": {"id": 8, "channel": "open:end"}}));
        eve.say_all(frames).await;
        eve.hears("welcome").await;
        let mut refused: Vec<u64> = Vec::new();
        while refused.len() < requests.len() {
            let mut frame = eve.next().await;
            if frame.get("subscribed").is_some_and(|subscribed| subscribed["channel"] == "open:end") {
                continue;
            }
            let refusal = frame.get_mut("refused").unwrap_or_else(|| panic!("eve is shown something")).take();
            assert_eq!(refusal["code"], "forbidden", "{refusal}");
            refused.push(refusal["id"].as_u64().unwrap());
        }
        refused.sort_unstable();
        assert_eq!(refused, [1, 2, 3, 4, 5, 6, 7]);
    }
    ada.say(publish("secret:diary", 2, "undisturbed")).await;
    assert_eq!(ada.hears_publications_and_answers(1, 1).await, ["undisturbed"]);
}

#[tokio::test]
async fn whoever_may_subscribe_may_read_history() {
    let node = node_with(settings(), Doorkeeper).await;
    let (mut ada, position) = ada_in_her_channel(&node).await;
    ada.say(json!({"history": {"id": 9, "channel": "secret:diary"}})).await;
    let page = ada.hears("history").await;
    assert_eq!((&page["publications"][0]["data"], &page["position"]), (&json!("dear"), &json!(position)));
    ada.say(json!({"presence": {"id": 10, "channel": "secret:diary"}})).await;
    assert_eq!(ada.hears("refused").await["code"], "not_supported");
}

#[tokio::test]
async fn a_new_token_ends_the_subscriptions_that_it_does_not_allow() {
    let node = node_with(settings(), Doorkeeper).await;
    let (mut ada, _) = ada_in_her_channel(&node).await;
    ada.subscribes("open:lobby").await;
    ada.say_all([
        json!({"refresh": {"id": 5, "token": "eve"}}),
        json!({"subscribe": {"id": 6, "channel": "secret:diary"}}),
    ])
    .await;
    assert_eq!(ada.hears("refreshed").await["id"], 5);
    assert_eq!(ada.hears("unsubscribed").await["code"], "forbidden");
    assert_eq!(ada.hears("refused").await["code"], "forbidden");
    node.publishes("secret:diary", "unseen").await;
    node.publishes("open:lobby", "seen").await;
    assert_eq!(ada.hears_publications(1).await, ["seen"]);
}

#[tokio::test]
async fn a_token_that_is_no_good_says_so() {
    let node = node_with(settings(), Doorkeeper).await;
    for (token, expected) in
        [("forged", (4504, "the signature is wrong")), ("expired", (4005, "the token has expired"))]
    {
        let mut client = node.dial().await;
        client.say(json!({"hello": {"sdk": "test", "token": token}})).await;
        assert_eq!(client.hears_close().await, (expected.0, expected.1.to_owned()));
    }
    let (mut ada, _) = ada_in_her_channel(&node).await;
    ada.say(json!({"refresh": {"id": 5, "token": "forged"}})).await;
    assert_eq!(ada.hears("refused").await["code"], "token_invalid");
}

#[tokio::test]
async fn a_connection_outlives_its_token_by_the_grace_only() {
    let mut settings = settings();
    settings.token_grace = Duration::from_millis(20);
    settings.limits.hello_within = Duration::from_millis(200);
    let node = node_with(settings, Doorkeeper).await;
    let (mut ada, mut ben) = (node.dial().await, node.dial().await);
    for client in [&mut ada, &mut ben] {
        client.say(json!({"hello": {"sdk": "test", "token": "late"}})).await;
        assert!(client.hears("welcome").await["token_expires_in_ms"].as_u64().unwrap() <= 50);
    }
    ben.say(json!({"refresh": {"id": 1, "token": "ben"}})).await;
    ben.hears("refreshed").await;
    assert_eq!(ada.hears_close().await.0, 4005);
    ben.say(json!({"ping": {}})).await;
    ben.hears("pong").await;
}

async fn ada_in_her_channel(node: &TestNode) -> (Client, String) {
    let mut ada = node.dial().await;
    ada.say(json!({"hello": {"sdk": "test", "token": "ada", "publisher": "00000000000000ad"}})).await;
    ada.hears("welcome").await;
    ada.subscribes("secret:diary").await;
    ada.say(publish("secret:diary", 1, "dear")).await;
    let mut position = Value::Null;
    let mut heard = 0;
    while heard < 2 {
        let frame = ada.next().await;
        if let Some(published) = frame.get("published") {
            position = published["position"].clone();
        }
        heard += 1;
    }
    (ada, position.as_str().unwrap().to_owned())
}
