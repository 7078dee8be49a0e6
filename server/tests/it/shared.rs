//! Several connections over one socket: each is one in every respect, and what is alike goes once.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tidewire_backbone::Retention;
use tidewire_protocol::CloseCode;
use tidewire_server::AllowAll;
use tokio_tungstenite::tungstenite::Message;

use crate::edge::Edge;
use crate::harness::{Client, TestNode, dial_speaking, node, node_with, publish, settings, until};
use crate::shared_client::{Said, SharedClient, encoded, message, read};

pub(crate) const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn a_publication_goes_once_to_all_who_share_a_socket() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    assert_eq!(node.node.connections(), 2);
    node.publishes(CHANNEL, "news").await;
    let Said::Frames(streams, frames) = tabs.message().await else { panic!("closed") };
    assert_eq!((streams, frames.len()), (vec![1, 2], 1));
    assert_eq!(frames[0]["publication"]["data"], "news");
}

#[tokio::test]
async fn what_one_of_them_publishes_reaches_each_once_and_in_order() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    for seq in 1..=200 {
        tabs.say(1 + seq as u32 % 2, publish(CHANNEL, seq / 2 + seq % 2, seq)).await;
    }
    let mut heard = Vec::new();
    for stream in [1, 2] {
        let (mut payloads, mut answers) = (Vec::new(), 0);
        while payloads.len() < 200 || answers < 100 {
            let mut frame = tabs.next(stream).await;
            match frame.get_mut("publication") {
                Some(publication) => payloads.push(publication["data"].as_u64().unwrap()),
                None => answers += usize::from(frame.get("published").is_some()),
            }
        }
        heard.push(payloads);
    }
    assert_eq!(heard[0], heard[1]);
    heard[0].sort_unstable();
    assert_eq!(heard[0], (1..=200).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_stream_that_is_closed_leaves_the_others_alone_and_its_number_is_not_used_again() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    tabs.closes(1).await;
    until(|| node.node.connections() == 1).await;
    tabs.say(1, json!({"hello": {"sdk": "test"}})).await;
    tabs.closes(1).await;
    tabs.closes(77).await;
    node.publishes(CHANNEL, "news").await;
    let Said::Frames(streams, _) = tabs.message().await else { panic!("closed") };
    assert_eq!(streams, [2]);
    tabs.comes(3, CHANNEL).await;
    assert_eq!(node.node.connections(), 2);
}

#[tokio::test]
async fn what_was_published_before_a_stream_was_closed_is_published() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    tabs.say(1, publish(CHANNEL, 1, "last words")).await;
    tabs.closes(1).await;
    assert_eq!(tabs.hears(2, "publication").await["data"], "last words");
}

#[tokio::test]
async fn when_the_socket_ends_all_its_connections_have_left() {
    let mut settings = settings();
    settings.namespaces.others.as_mut().unwrap().presence = true;
    let node = node_with(settings, AllowAll).await;
    let tabs = two_tabs(&node).await;
    let mut watcher = node.connect(9).await;
    watcher.subscribes(CHANNEL).await;
    has_members(&mut watcher, 3).await;
    drop(tabs);
    has_members(&mut watcher, 1).await;
    assert_eq!(node.node.connections(), 1);
}

#[tokio::test]
async fn a_server_that_knows_it_chooses_the_shared_way() {
    let node = node().await;
    let mut client = dial_speaking(node.address, "tidewire.v1.shared, tidewire.v1.postcard").await.unwrap();
    client.send(Message::binary(vec![1])).await;
    assert_eq!(client.hears_close().await.0, 4500);
}

#[tokio::test]
async fn kinds_of_later_versions_are_skipped() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    tabs.send(message(1, 200, b"what is this?")).await;
    tabs.send(message(5, 0, b"")).await;
    tabs.say(1, json!({"ping": {}})).await;
    tabs.hears(1, "pong").await;
    assert_eq!(node.node.connections(), 2);
}

#[tokio::test]
async fn a_token_that_is_no_good_ends_its_own_connection_alone() {
    let config = "[namespaces.chat]\nsubscribe = \"anyone\"\n[[keys]]\nalgorithm = \"HS256\"\nsecret = \
                  \"a secret of the tests, long enough\"";
    let edge = Edge::with(config).await;
    let mut tabs = SharedClient::dial(edge.address).await;
    tabs.comes(1, CHANNEL).await;
    tabs.say(2, json!({"hello": {"sdk": "test", "token": "forged"}})).await;
    assert_eq!(tabs.hears_closed(2).await.0, 4504);
    tabs.say(1, json!({"ping": {}})).await;
    tabs.hears(1, "pong").await;
    tabs.comes(3, CHANNEL).await;
}

#[tokio::test]
async fn a_socket_that_is_not_read_leaves_its_subscribers_to_the_log_and_they_get_everything_in_order() {
    let node = node_that_keeps_all().await;
    let mut tabs = two_tabs(&node).await;
    let mut quick = node.connect(9).await;
    quick.subscribes(CHANNEL).await;
    publishes_20_mb(&node, &mut quick).await;
    for number in 0..1000 {
        for stream in [1, 2] {
            assert_eq!(tabs.hears(stream, "publication").await["data"][0], number, "of {stream}");
        }
    }
}

#[tokio::test]
async fn a_socket_that_is_not_read_ends_soon_after_its_last_connection() {
    let node = node_that_keeps_all().await;
    let mut tabs = SharedClient::dial(node.address).await;
    tabs.say(1, json!({"hello": {"sdk": "test", "token": "ada"}})).await;
    tabs.hears(1, "welcome").await;
    tabs.subscribes(1, CHANNEL).await;
    let mut quick = node.connect(9).await;
    quick.subscribes(CHANNEL).await;
    publishes_20_mb(&node, &mut quick).await;
    drop(quick);
    assert_eq!(node.node.disconnect("ada", CloseCode::Disconnected, "logged out"), 1);
    until(|| node.node.connections() == 0).await;
    // Otherwise it would wait five seconds for the socket.
    let drained = node.node.drain(Duration::ZERO, Duration::ZERO);
    tokio::time::timeout(Duration::from_secs(4), drained).await.expect("the socket is still there");
}

#[tokio::test]
async fn over_plain_requests_it_goes_the_same_way() {
    let node = node().await;
    for way in ["stream", "poll"] {
        let mut tabs = match way {
            "stream" => SharedClient::streams(node.address).await,
            _ => SharedClient::polls(node.address).await,
        };
        tabs.comes(1, CHANNEL).await;
        tabs.comes(2, CHANNEL).await;
        node.publishes(CHANNEL, "news").await;
        let Said::Frames(streams, _) = tabs.message().await else { panic!("closed") };
        assert_eq!(streams, [1, 2]);
        tabs.closes(1).await;
        tabs.send(vec![0]).await;
        assert_eq!(tabs.hears_end().await, 4500);
        until(|| node.node.connections() == 0).await;
    }
}

#[tokio::test]
async fn a_node_that_goes_away_tells_each_and_closes_the_socket_after_the_last() {
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    let mut empty = SharedClient::dial(node.address).await;
    node.node.start_draining().unwrap();
    assert_eq!(empty.hears_end().await, 4000);
    for stream in [1, 2] {
        tabs.hears(stream, "going_away").await;
    }
    tabs.say(3, json!({"hello": {"sdk": "test"}})).await;
    assert_eq!(tabs.hears_closed(3).await.0, 4000);
    tabs.closes(1).await;
    tabs.say(2, json!({"ping": {}})).await;
    tabs.hears(2, "pong").await;
    tabs.closes(2).await;
    assert_eq!(tabs.hears_end().await, 4000);
    node.is_drained().await;
}

#[tokio::test]
async fn who_is_left_when_a_node_goes_away_is_closed_in_one_message() {
    let second = Duration::from_secs(1);
    let node = node().await;
    let mut tabs = two_tabs(&node).await;
    let leaving = node.node.clone();
    let drain = tokio::spawn(async move { leaving.drain(second / 5, second / 10).await });
    for stream in [1, 2] {
        tabs.hears(stream, "going_away").await;
    }
    assert_eq!(tabs.hears_closed(1).await.0, 4000);
    assert_eq!(tabs.hears_closed(2).await.0, 4000);
    assert_eq!(tabs.hears_end().await, 4000);
    drain.await.unwrap();
}

#[test]
fn the_bytes_in_the_protocol_are_what_the_tests_say_and_read() {
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../PROTOCOL.md")).unwrap();
    let lines = |who| {
        let lines = document.lines().filter_map(move |line| line.strip_prefix(who));
        lines.map(|line| hex(&line.replace(' ', ""))).collect::<Vec<_>>()
    };
    let ping = encoded(&json!({"ping": {}}));
    assert_eq!(lines("client  "), [message(3, 1, &ping), message(4, 2, &1000_u16.to_le_bytes())]);
    let said: Vec<Said> = lines("server  ").iter().map(|line| read(line)).collect();
    let publication = json!({"publication": {"alias": 12, "position": "10-6d395d0a", "id": "2680d065", "bytes": "AAH+/w=="}});
    assert_eq!(
        said,
        [
            Said::Frames(vec![3], vec![json!({"pong": {}})]),
            Said::Frames(vec![3, 4], vec![publication]),
            Said::Closed(vec![3], 4000, "gone".to_owned()),
        ]
    );
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

async fn node_that_keeps_all() -> TestNode {
    let mut settings = settings();
    let age = Duration::from_secs(60);
    settings.namespaces.others.as_mut().unwrap().retention =
        Retention::Log { entries: 10_000, bytes: 1 << 30, age, dedup: 10 * age };
    node_with(settings, AllowAll).await
}

/// Publishes more than the sockets' buffers, the outboxes and the ring hold, as fast as one subscriber reads.
async fn publishes_20_mb(node: &TestNode, reader: &mut Client) {
    let filling = "x".repeat(20_000);
    for number in 0..1000 {
        node.publishes(CHANNEL, json!([number, filling])).await;
        assert_eq!(reader.hears("publication").await["data"][0], number);
    }
}

/// Two connections over one socket, that are subscribed to the channel.
pub(crate) async fn two_tabs(node: &TestNode) -> SharedClient {
    let mut tabs = SharedClient::dial(node.address).await;
    tabs.comes(1, CHANNEL).await;
    tabs.comes(2, CHANNEL).await;
    tabs
}

/// Waits until so many are in the channel.
async fn has_members(watcher: &mut Client, count: u64) {
    loop {
        watcher.say(json!({"presence": {"id": 5, "channel": CHANNEL}})).await;
        if watcher.hears("presence").await["connections"] == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
