//! Pages of other origins do not get as far as a WebSocket.

use crate::edge::Edge;
use crate::http::{Reply, get};

#[tokio::test]
async fn a_page_that_is_not_on_the_list_is_refused_with_a_reason() {
    let edge = Edge::with(CONFIG).await;
    for origin in
        ["https://evil.test", "http://chat.test", "https://chat.test:8443", "null", "http://localhost"]
    {
        let reply = connect(&edge, Some(origin)).await;
        let (code, reason) = reply.refusal();
        assert_eq!((reply.status, code.as_str()), (403, "forbidden"), "{origin}");
        assert!(reason.contains("origins.allow"), "{reason}");
    }
}

#[tokio::test]
async fn a_page_on_the_list_and_a_client_without_origin_may_connect() {
    let edge = Edge::with(CONFIG).await;
    assert_eq!(connect(&edge, Some("https://chat.test")).await.status, 101);
    assert_eq!(connect(&edge, None).await.status, 101);
}

#[tokio::test]
async fn where_browsers_are_asked_for_a_client_without_origin_is_refused() {
    let edge = Edge::with("[origins]\nwithout = \"refuse\"\n").await;
    let reply = connect(&edge, None).await;
    assert_eq!((reply.status, reply.refusal().0.as_str()), (403, "forbidden"));
}

const CONFIG: &str = "[origins]\nallow = [\"https://chat.test\"]\n";

/// Asks for a WebSocket, and hangs up on what was asked for.
async fn connect(edge: &Edge, origin: Option<&str>) -> Reply {
    let handshake = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "tidewire.v1.json"),
    ];
    let origin: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    get(edge.address, "/v1/connect", &[&handshake[..], &origin].concat()).await
}
