//! Each kind of bad input gets its own answer, and nobody else notices.

use std::time::Duration;

use serde_json::json;
use tidewire_backbone::Retention;
use tidewire_server::{AllowAll, NamespaceSettings, Namespaces, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{node, node_with, publish, settings};

#[tokio::test]
async fn what_cannot_be_read_is_malformed() {
    let node = node().await;
    for (text, reason) in [
        ("{", "frame 1 cannot be read"),
        (r#"{"subscribe":{"id":1,"channel":"lobby"}}"#, "a channel name has the form namespace:rest"),
        (r#"{"subscribe":{"id":1,"channel":"Chat:lobby"}}"#, "a namespace has 1 to 64"),
        (r#"{"subscribe":{"id":1,"channel":"chat:a b"}}"#, "after the namespace"),
        (r#"{"publish":{"id":"one","channel":"chat:a","data":1}}"#, "frame 1 cannot be read"),
    ] {
        let mut client = node.connect(1).await;
        client.say_raw(text).await;
        let (code, said) = client.hears_close().await;
        assert_eq!(code, 4500, "{text}");
        assert!(said.contains(reason), "{text}: {said}");
    }
    let mut client = node.connect(1).await;
    client.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.hears_close().await, (4500, "this subprotocol has text messages".to_owned()));
}

#[tokio::test]
async fn a_frame_of_unknown_kind_is_refused_and_the_rest_goes_on() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say_all([json!({"teleport": {"id": 1}}), json!({"ping": {}})]).await;
    let refused = client.hears("refused").await;
    assert_eq!((&refused["id"], &refused["code"]), (&json!(0), &json!("unknown_frame")));
    client.hears("pong").await;
}

#[tokio::test]
async fn a_message_that_is_too_large_closes() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say(publish("chat:lobby", 1, "x".repeat(70_000))).await;
    assert_eq!(client.hears_close().await.0, 4501);
}

#[tokio::test]
async fn a_payload_that_is_too_large_is_refused() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say(publish("chat:lobby", 1, "x".repeat(40_000))).await;
    let refused = client.hears("refused").await;
    assert_eq!(refused["code"], "too_large");
    assert_eq!(refused["reason"], "the payload has 40002 bytes, 32768 are allowed here");
}

#[tokio::test]
async fn a_message_of_too_many_frames_closes() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say_all((0..1025).map(|_| json!({"ping": {}}))).await;
    assert_eq!(client.hears_close().await, (4503, "a message holds at most 1024 frames here".to_owned()));
}

#[tokio::test]
async fn endless_fragments_are_cut_off() {
    let node = node().await;
    let mut client = node.connect(1).await;
    // A text frame that does not end the message, then continuations without content, all masked with zeros.
    let mut fragments = vec![0x01, 0x80, 0, 0, 0, 0];
    fragments.extend([0x00, 0x80, 0, 0, 0, 0].repeat(64));
    client.stream().write_all(&fragments).await.unwrap();
    assert_eq!(client.hears_close().await, (4502, "a message may have at most 64 fragments".to_owned()));
}

#[tokio::test]
async fn a_message_that_never_ends_is_cut_off() {
    let mut settings = settings();
    settings.limits.message_within = Duration::from_millis(50);
    settings.limits.hello_within = Duration::from_millis(100);
    let node = node_with(settings, AllowAll).await;
    let mut client = node.connect(1).await;
    client.stream().write_all(&[0x01, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(client.hears_close().await, (4502, "a message took too long to arrive".to_owned()));
}

#[tokio::test]
async fn too_many_subscriptions_are_refused() {
    let mut settings = settings();
    settings.limits.subscriptions = 2;
    let node = node_with(settings, AllowAll).await;
    let mut client = node.connect(1).await;
    client.subscribes("chat:one").await;
    client.subscribes("chat:two").await;
    client.say(json!({"subscribe": {"id": 3, "channel": "chat:three"}})).await;
    assert_eq!(client.hears("refused").await["code"], "too_many_subscriptions");
    // The same again is not one more.
    client.subscribes("chat:two").await;
}

#[tokio::test]
async fn too_many_requests_are_refused_and_a_flood_closes() {
    let mut settings = settings();
    settings.limits.frames_per_second = 10;
    settings.limits.burst_seconds = 1;
    let node = node_with(settings, AllowAll).await;
    let mut client = node.connect(1).await;
    client.say_all((0..15).map(|id| json!({"presence": {"id": id, "channel": "chat:lobby"}}))).await;
    for _ in 0..15 {
        assert_eq!(client.hears("refused").await["code"], "too_fast");
    }
    client.say_all((0..15).map(|_| json!({"ping": {}}))).await;
    assert_eq!(client.hears_close().await.0, 4007);
}

#[tokio::test]
async fn a_namespace_that_is_not_configured_does_not_exist() {
    let namespaces =
        Namespaces { named: [("chat".to_owned(), NamespaceSettings::default())].into(), others: None };
    let node = node_with(Settings { namespaces, ..Settings::default() }, AllowAll).await;
    let mut client = node.connect(1).await;
    client.subscribes("chat:lobby").await;
    for request in [
        json!({"subscribe": {"id": 1, "channel": "other:lobby"}}),
        json!({"history": {"id": 1, "channel": "other:lobby"}}),
        json!({"presence": {"id": 1, "channel": "other:lobby"}}),
        publish("other:lobby", 1, 1),
    ] {
        client.say(request).await;
        assert_eq!(client.hears("refused").await["code"], "forbidden");
    }
}

#[tokio::test]
async fn a_publish_without_publisher_or_seq_is_refused() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say(publish("chat:lobby", 0, 1)).await;
    assert_eq!(client.hears("refused").await["code"], "bad_seq");
    let mut nobody = node.dial().await;
    nobody.say_all([json!({"hello": {"sdk": "test"}}), publish("chat:lobby", 1, 1)]).await;
    nobody.hears("welcome").await;
    assert_eq!(nobody.hears("refused").await["code"], "bad_seq");
}

#[tokio::test]
async fn an_ephemeral_namespace_has_no_history() {
    let cursors = NamespaceSettings { retention: Retention::None, ..NamespaceSettings::default() };
    let namespaces = Namespaces { named: [("cursor".to_owned(), cursors)].into(), others: None };
    let node = node_with(Settings { namespaces, ..Settings::default() }, AllowAll).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ada.say(json!({"history": {"id": 1, "channel": "cursor:page"}})).await;
    assert_eq!(ada.hears("refused").await["code"], "not_retained");
    ben.subscribes("cursor:page").await;
    ada.say(publish("cursor:page", 0, json!({"x": 1}))).await;
    assert_eq!(ada.hears("published").await, json!({"id": 0}));
    assert_eq!(ben.hears("ephemeral").await["data"], json!({"x": 1}));
}

#[tokio::test]
async fn more_connections_than_there_may_be_are_refused() {
    let mut settings = settings();
    settings.limits.connections_per_user = 1;
    settings.limits.connections = 2;
    let node = node_with(settings, AllowAll).await;
    let hello = json!({"hello": {"sdk": "test", "token": "ada"}});
    let mut first = node.dial().await;
    first.say(hello.clone()).await;
    first.hears("welcome").await;
    let mut second = node.dial().await;
    assert_eq!(upgrade(node.address, "tidewire.v1.json").await, 503);
    second.say(hello).await;
    assert_eq!(second.hears_close().await.0, 4006);
}

#[tokio::test]
async fn a_subprotocol_that_is_unknown_is_no_upgrade() {
    let node = node().await;
    assert_eq!(upgrade(node.address, "tidewire.v9.json").await, 400);
}

#[tokio::test]
async fn headers_that_do_not_end_are_cut_off() {
    let mut settings = settings();
    settings.limits.headers_within = Duration::from_millis(50);
    let node = node_with(settings, AllowAll).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(b"GET /v1/connect HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut answer = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(end.is_ok(), "the connection stays open");
}

/// The status of an upgrade that asks for a subprotocol.
async fn upgrade(address: std::net::SocketAddr, subprotocol: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /v1/connect HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: {subprotocol}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    std::str::from_utf8(&status[9..]).unwrap().parse().unwrap()
}
