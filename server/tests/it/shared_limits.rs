//! What a shared socket and each of its connections may do, and what becomes of the others where one does more.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tidewire_protocol::ChannelName;
use tidewire_server::{AllowAll, Closing, Credentials, Identity, Policy, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Dice, TestNode, node, node_with, publish, settings, until};
use crate::isolation::Trapped;
use crate::shared::{CHANNEL, two_tabs};
use crate::shared_client::{SharedClient, encoded, message};

#[tokio::test]
async fn a_message_that_cannot_be_read_ends_the_socket_and_all_on_it() {
    let node = node().await;
    for malformed in [&[][..], &[1, 0, 0, 0], &[1, 0, 0, 0, 2, 7]] {
        let mut tabs = two_tabs(&node).await;
        tabs.send(malformed.to_vec()).await;
        assert_eq!(tabs.hears_end().await, 4500);
        until(|| node.node.connections() == 0).await;
    }
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_ends_its_own_connection_alone() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    tabs.send(message(1, 1, &[9, 1])).await;
    assert_eq!(tabs.hears_closed(1).await.0, 4500);
    node.publishes(CHANNEL, "news").await;
    assert_eq!(tabs.hears(2, "publication").await["data"], "news");
}

#[tokio::test]
async fn a_socket_carries_so_many_connections_and_no_more() {
    let mut settings = settings();
    settings.limits.connections_per_socket = 2;
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    tabs.say(3, json!({"hello": {"sdk": "test"}})).await;
    assert_eq!(tabs.hears_closed(3).await, (4006, "a socket may carry 2 connections".to_owned()));
    tabs.closes(1).await;
    until(|| node.node.connections() == 1).await;
    tabs.comes(4, CHANNEL).await;
}

#[tokio::test]
async fn each_counts_among_the_connections_of_the_node() {
    let mut settings = settings();
    settings.limits.connections = 3;
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    let _another = node.connect(9).await;
    tabs.say(3, json!({"hello": {"sdk": "test"}})).await;
    assert_eq!(tabs.hears_closed(3).await.0, 4006);
    tabs.say(1, json!({"ping": {}})).await;
    tabs.hears(1, "pong").await;
}

#[tokio::test]
async fn a_socket_without_connections_is_closed_and_counts_as_one_until_then() {
    let mut settings = settings();
    settings.limits.hello_within = Duration::from_millis(100);
    let node = node_with(settings, AllowAll).await;
    let mut tabs = SharedClient::dial(node.address).await;
    assert_eq!(node.node.connections(), 1);
    assert_eq!(tabs.hears_end().await, 4002);

    let mut tabs = SharedClient::dial(node.address).await;
    tabs.opens(1).await;
    tabs.closes(1).await;
    assert_eq!(tabs.hears_end().await, 4002);
    until(|| node.node.connections() == 0).await;
}

#[tokio::test]
async fn a_connection_that_says_no_hello_in_time_is_closed_alone() {
    let mut settings = settings();
    settings.limits.hello_within = Duration::from_millis(200);
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    tabs.send(message(3, 1, b"")).await;
    assert_eq!(tabs.hears_closed(3).await.0, 4002);
    node.publishes(CHANNEL, "news").await;
    assert_eq!(tabs.hears(2, "publication").await["data"], "news");
}

#[tokio::test]
async fn a_stream_that_floods_is_closed_and_the_others_are_served() {
    let mut settings = settings();
    (settings.limits.frames_per_second, settings.limits.burst_seconds) = (10, 1);
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    for _ in 0..40 {
        tabs.say(1, json!({"ping": {}})).await;
    }
    assert_eq!(tabs.hears_closed(1).await.0, 4007);
    tabs.say(2, json!({"ping": {}})).await;
    tabs.hears(2, "pong").await;
}

#[tokio::test]
async fn who_opens_too_many_too_fast_is_refused_and_then_cut_off() {
    let mut settings = settings();
    (settings.limits.frames_per_second, settings.limits.burst_seconds) = (10, 1);
    settings.limits.connections_per_socket = 5;
    let node = node_with(settings, AllowAll).await;
    let mut tabs = SharedClient::dial(node.address).await;
    for stream in 1..=40 {
        tabs.send(message(stream, 1, &encoded(&json!({"hello": {"sdk": "test"}})))).await;
    }
    assert_eq!(tabs.hears_closed(6).await.0, 4006);
    assert_eq!(tabs.hears_closed(15).await.0, 4007);
    assert_eq!(tabs.hears_end().await, 4007);
}

#[tokio::test]
async fn a_message_may_be_as_long_as_elsewhere_and_its_head_more() {
    let mut settings = settings();
    settings.limits.message_bytes = 1024;
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    let long = |length: usize| {
        let publish = encoded(&publish(CHANNEL, 1, "x".repeat(900)));
        let pings = encoded(&json!({"ping": {}})).repeat((length - publish.len()) / 2);
        [publish, pings].concat()
    };
    tabs.send(message(1, 1, &long(1024))).await;
    assert_eq!(tabs.hears(2, "publication").await["data"], "x".repeat(900));
    tabs.send(message(2, 1, &long(1026))).await;
    assert_eq!(tabs.hears_end().await, 4501);
}

#[tokio::test]
async fn endless_fragments_are_cut_off() {
    // A frame that does not end the message, then continuations without content, all masked with zeros.
    let mut fragments = vec![0x02, 0x80, 0, 0, 0, 0];
    fragments.extend([0x00, 0x80, 0, 0, 0, 0].repeat(64));
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    tabs.stream().write_all(&fragments).await.unwrap();
    assert_eq!(tabs.hears_end().await, 4502);
    // Also where they come with the request.
    let request = format!(
        "GET /v1/connect HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: tidewire.v1.shared\r\n\r\n",
        node.address
    );
    let mut socket = TcpStream::connect(node.address).await.unwrap();
    socket.write_all(&[request.as_bytes(), &fragments].concat()).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        while !answer.ends_with(b"at most 64 fragments") {
            assert_ne!(socket.read_buf(&mut answer).await.unwrap(), 0, "{answer:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("they are not cut off");
}

#[tokio::test]
async fn a_message_that_never_ends_is_cut_off() {
    let mut settings = settings();
    settings.limits.message_within = Duration::from_millis(50);
    let node = node_with(settings, AllowAll).await;
    let mut tabs = two_tabs(&node).await;
    tabs.stream().write_all(&[0x02, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(tabs.hears_end().await, 4502);
}

#[tokio::test]
async fn a_panic_ends_its_connection_alone() {
    let node = node_with(settings(), Trapped).await;
    let mut tabs = two_tabs(&node).await;
    for (stream, channel) in [(3, "trap:now"), (4, "trap:later")] {
        tabs.opens(stream).await;
        tabs.say(stream, json!({"subscribe": {"id": 1, "channel": channel}})).await;
        assert_eq!(tabs.hears_closed(stream).await.0, 4004);
    }
    node.publishes(CHANNEL, "still here").await;
    assert_eq!(tabs.hears(2, "publication").await["data"], "still here");
}

/// Lets nobody publish to `slow:…` until it is told to.
struct Slow(tokio::sync::watch::Receiver<bool>);

#[async_trait]
impl Policy for Slow {
    async fn connect(&self, _: Credentials) -> Result<Identity, Closing> {
        Ok(Identity::anonymous())
    }

    async fn refresh(&self, identity: &Identity, _: Credentials) -> Result<Identity, Closing> {
        Ok(identity.clone())
    }

    async fn subscribe(&self, _: &Identity, _: &ChannelName) -> Result<(), Refusal> {
        Ok(())
    }

    async fn publish(&self, _: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        if channel.namespace() == "slow" {
            self.0.clone().wait_for(|goes_on| *goes_on).await.unwrap();
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_connection_that_does_not_go_on_holds_up_the_others_only_when_its_bound_is_reached() {
    let mut settings = settings();
    settings.limits.message_bytes = 1024;
    let (go_on, goes_on) = tokio::sync::watch::channel(false);
    let node = node_with(settings, Slow(goes_on)).await;
    let mut tabs = two_tabs(&node).await;
    let large = "x".repeat(800);
    for seq in 1..=2 {
        tabs.say(1, publish("slow:room", seq, &*large)).await;
    }
    tabs.say(2, json!({"ping": {}})).await;
    tabs.hears(2, "pong").await;
    for seq in 3..=50 {
        tabs.say(1, publish("slow:room", seq, &*large)).await;
    }
    tabs.say(2, json!({"ping": {}})).await;
    // What the server says still comes.
    node.publishes(CHANNEL, "news").await;
    tabs.hears(2, "publication").await;
    go_on.send(true).unwrap();
    tabs.hears(2, "pong").await;
    tabs.hears(1, "publication").await;
    for _ in 1..=50 {
        tabs.hears(1, "published").await;
    }
}

#[tokio::test]
async fn whatever_a_client_sends_it_harms_nobody_else() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    for seed in 0..50 {
        sends_garbage(&node, Dice(seed)).await;
    }
    until(|| node.node.connections() == 1).await;
    node.publishes(CHANNEL, "unharmed").await;
    assert_eq!(ada.hears_publications(1).await, ["unharmed"]);
}

/// Good messages, which are spoilt here and there.
async fn sends_garbage(node: &TestNode, mut dice: Dice) {
    let mut tabs = SharedClient::dial(node.address).await;
    let frames = [
        json!({"hello": {"sdk": "test", "publisher": "00000000000000ee"}}),
        json!({"subscribe": {"id": 1, "channel": "chat:garbage"}}),
        json!({"ping": {}}),
    ];
    for _ in 0..30 {
        let frame = encoded(&frames[dice.below(3) as usize]);
        let mut message = message(dice.below(4) as u32, 1 + dice.below(8) as u8 / 7, &frame);
        if dice.below(4) == 0 {
            let at = dice.below(message.len() as u64) as usize;
            message[at] = dice.below(256) as u8;
        }
        if dice.below(20) == 0 {
            message.truncate(dice.below(8) as usize);
        }
        if !tabs.sends(message).await {
            return;
        }
    }
}
