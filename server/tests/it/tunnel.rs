//! Connections without a WebSocket: the same conversation over plain requests, to whichever node they come.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::edge::Edge;
use crate::harness::{TestNode, node, node_with, publish, settings, until};
use crate::http::{self, Reply};
use crate::tunnel_client::Tunnel;
use tidewire_server::AllowAll;

#[tokio::test]
async fn over_a_stream_a_client_subscribes_and_gets_what_is_published() {
    let node = node().await;
    let mut client = Tunnel::streams(node.address).await;
    subscribes_and_publishes(&node, &mut client).await;
}

#[tokio::test]
async fn by_polling_it_does_too() {
    let node = node().await;
    let mut client = Tunnel::polls(node.address).await;
    subscribes_and_publishes(&node, &mut client).await;
}

#[tokio::test]
async fn a_request_may_come_to_another_node_than_the_one_that_has_the_connection() {
    let node = node().await;
    let others = [node.another().await, node.another().await];
    let addresses = [node.address, others[0].address, others[1].address];
    for mut client in [Tunnel::streams(node.address).await, Tunnel::polls(node.address).await] {
        client.goes_to(&addresses);
        subscribes_and_publishes(&node, &mut client).await;
    }
    assert_eq!(others.map(|other| other.node.connections()), [0, 0]);
}

#[tokio::test]
async fn a_thousand_publications_come_once_and_in_order_by_polls_to_any_node() {
    let node = node_with(fast(), AllowAll).await;
    let other = node.another().await;
    let mut client = Tunnel::polls(node.address).await;
    client.goes_to(&[node.address, other.address]);
    client.says(json!({"hello": {"sdk": "test"}})).await;
    client.says(json!({"subscribe": {"id": 1, "channel": "test:room"}})).await;
    client.hears("welcome").await;
    client.hears("subscribed").await;
    let publishing = async {
        for number in 0..1000 {
            other.publishes("test:room", number).await;
        }
    };
    let hearing = async {
        for number in 0..1000 {
            assert_eq!(client.hears("publication").await["data"], number);
        }
    };
    tokio::join!(publishing, hearing);
}

#[tokio::test]
async fn a_client_that_does_not_read_fills_its_bounds_and_catches_up_from_the_log() {
    let mut settings = fast();
    settings.limits.outbox_bytes = 4096;
    let node = node_with(settings, AllowAll).await;
    let mut slow = Tunnel::polls(node.address).await;
    slow.says(json!({"hello": {"sdk": "test"}})).await;
    slow.says(json!({"subscribe": {"id": 1, "channel": "test:room"}})).await;
    slow.hears("welcome").await;
    slow.hears("subscribed").await;
    let filling = "x".repeat(500);
    for number in 0..200 {
        node.publishes("test:room", json!([number, filling])).await;
    }
    let answer = slow.polls_once().await;
    assert!(answer < 4096 + 2 * 16_384, "{answer} bytes waited");
    for number in 0..200 {
        assert_eq!(slow.hears("publication").await["data"][0], number);
    }
}

#[tokio::test]
async fn a_client_whose_response_was_lost_gets_it_again() {
    let node = node().await;
    let mut client = Tunnel::polls(node.address).await;
    client.says(json!({"hello": {"sdk": "test"}})).await;
    client.loses_a_response().await;
    client.hears("welcome").await;
    client.says_twice(json!({"subscribe": {"id": 1, "channel": "test:room"}})).await;
    assert_eq!(client.hears("subscribed").await["id"], 1);
    // A second subscribe would have been answered first.
    client.says(json!({"ping": {}})).await;
    client.hears("pong").await;
}

#[tokio::test]
async fn what_is_out_of_step_or_unknown_is_refused() {
    let node = node().await;
    let other = node.another().await;
    let client = Tunnel::polls(node.address).await;
    let nowhere = format!("link={}", "0".repeat(48));
    let gone = format!("link={}{}", &client.link()[..16], "0".repeat(32));
    for (query, status) in [
        (format!("link={}&number=2", client.link()), 409),
        (format!("link={}&arrived=9999", client.link()), 409),
        (format!("link={}", client.link()), 400),
        (format!("link={}&number=1&arrived=1", client.link()), 400),
        (format!("{gone}&arrived=0"), 410),
        (format!("{nowhere}x&arrived=0"), 410),
        ("way=carrier-pigeon&protocol=tidewire.v1.json".into(), 400),
        ("way=poll&protocol=tidewire.v9.json".into(), 400),
        (String::new(), 400),
    ] {
        for address in [node.address, other.address] {
            assert_eq!(ask(address, &query, "").await.status, status, "{query}");
        }
    }
}

#[tokio::test]
async fn a_node_that_is_gone_is_found_out_and_told() {
    let mut settings = settings();
    settings.backbone_patience = Duration::from_millis(50);
    let node = node_with(settings, AllowAll).await;
    let query = format!("link={}&number=1", "0".repeat(48));
    let reply = tokio::time::timeout(Duration::from_secs(20), ask(node.address, &query, "")).await.unwrap();
    assert_eq!(reply.status, 503);
}

#[tokio::test]
async fn too_much_in_one_request_or_in_one_message_is_refused() {
    let node = node().await;
    let client = Tunnel::polls(node.address).await;
    let query = format!("link={}&number=1", client.link());
    assert_eq!(ask(node.address, &query, &"x".repeat(70_000)).await.status, 413);

    let mut settings = settings();
    settings.limits.message_bytes = 300;
    let node = node_with(settings, AllowAll).await;
    let mut client = Tunnel::streams(node.address).await;
    client.says(json!({"hello": {"sdk": "x".repeat(400)}})).await;
    assert_eq!(client.hears_close().await, 4501);
}

#[tokio::test]
async fn who_says_no_hello_or_goes_away_is_forgotten() {
    let mut settings = settings();
    settings.limits.hello_within = Duration::from_millis(100);
    let node = node_with(settings, AllowAll).await;
    for mut mute in [Tunnel::streams(node.address).await, Tunnel::polls(node.address).await] {
        assert_eq!(mute.hears_close().await, 4002);
    }
    let mut gone = Tunnel::streams(node.address).await;
    gone.says(json!({"hello": {"sdk": "test"}})).await;
    gone.hears("welcome").await;
    drop(gone);
    until(|| node.node.connections() == 0).await;
}

#[tokio::test]
async fn a_client_that_polls_no_more_is_closed_like_a_silent_socket() {
    let mut settings = settings();
    settings.heartbeat = Duration::from_millis(100);
    settings.heartbeat_grace = Duration::from_millis(100);
    let node = node_with(settings, AllowAll).await;
    let mut client = Tunnel::polls(node.address).await;
    client.says(json!({"hello": {"sdk": "test"}})).await;
    client.hears("welcome").await;
    until(|| node.node.connections() == 0).await;
}

#[tokio::test]
async fn a_node_that_goes_away_tells_them_too_and_takes_no_new_ones() {
    let node = node().await;
    let mut client = Tunnel::streams(node.address).await;
    client.says(json!({"hello": {"sdk": "test"}})).await;
    client.hears("welcome").await;
    let draining = tokio::spawn({
        let node = node.node.clone();
        async move { node.drain(Duration::from_millis(200), Duration::from_millis(100)).await }
    });
    client.hears("going_away").await;
    let reply = ask(node.address, "way=poll&protocol=tidewire.v1.json", "").await;
    assert_eq!(reply.status, 503);
    assert_eq!(client.hears_close().await, 4000);
    drop(client);
    draining.await.unwrap();
    assert_eq!(node.node.connections(), 0);
}

#[tokio::test]
async fn as_many_as_a_node_takes_are_counted_with_the_others() {
    let mut settings = settings();
    settings.limits.connections = 1;
    let node = node_with(settings, AllowAll).await;
    let socket = node.dial().await;
    assert_eq!(ask(node.address, "way=poll&protocol=tidewire.v1.json", "").await.status, 503);
    drop(socket);
    until(|| node.node.connections() == 0).await;
    Tunnel::polls(node.address).await;
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_connect_and_they_may_read_the_answers() {
    let edge = Edge::with("[origins]\nallow = [\"https://chat.test\"]\n").await;
    let query = "/v1/connect?way=poll&protocol=tidewire.v1.json";
    let evil = http::post(edge.address, query, &[("origin", "https://evil.test")], "").await;
    assert_eq!((evil.status, evil.refusal().0.as_str()), (403, "forbidden"));
    let good = http::post(edge.address, query, &[("origin", "https://chat.test")], "").await;
    assert_eq!(good.status, 200);
    assert!(good.headers.contains("access-control-allow-origin: https://chat.test"), "{}", good.headers);
    assert!(good.headers.contains("cache-control: no-store"), "{}", good.headers);
}

#[tokio::test]
async fn nobody_may_enter_the_channels_of_the_nodes() {
    let node = node().await;
    let mut client = node.connect(1).await;
    client.say(json!({"subscribe": {"id": 1, "channel": "_nodes:0000000000000000"}})).await;
    assert_eq!(client.hears("refused").await["code"], "forbidden");
    client.say(publish("_nodes:0000000000000000", 1, "x")).await;
    assert_eq!(client.hears("refused").await["code"], "forbidden");
}

/// The whole of a conversation.
async fn subscribes_and_publishes(node: &TestNode, client: &mut Tunnel) {
    let channel = format!("test:{}", client.link());
    client.says(json!({"hello": {"sdk": "test", "publisher": format!("{:016x}", client.number())}})).await;
    let welcome = client.hears("welcome").await;
    assert_eq!(welcome["node"], node.node.name());
    client.says(json!({"subscribe": {"id": 1, "channel": channel}})).await;
    client.hears("subscribed").await;
    node.publishes(&channel, "from elsewhere").await;
    assert_eq!(client.hears("publication").await["data"], "from elsewhere");
    client.says(publish(&channel, 1, "from here")).await;
    let mut heard: Vec<Value> = vec![client.next().await, client.next().await];
    heard.sort_by_key(|frame| frame.get("published").is_some());
    assert_eq!(heard[0]["publication"]["data"], "from here");
    assert_eq!(heard[1]["published"]["id"], 1);
}

fn fast() -> tidewire_server::Settings {
    let mut settings = settings();
    settings.limits.frames_per_second = 100_000;
    settings
}

async fn ask(address: SocketAddr, query: &str, body: &str) -> Reply {
    http::post(address, &format!("/v1/connect?{query}"), &[], body).await
}
