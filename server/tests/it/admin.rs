//! What operators ask of a node over HTTP.

use crate::edge::Edge;
use crate::http::{Reply, get, post};

const CONFIG: &str = r#"
    [namespaces.chat]

    [[api_keys]]
    name = "operators"
    key = "the key of the operators"
    admin = true

    [[api_keys]]
    name = "backend"
    key = "the key of the backend"
    publish = ["*"]
    subscribe = ["*"]
"#;
const OPERATORS: (&str, &str) = ("authorization", "Bearer the key of the operators");
const BACKEND: (&str, &str) = ("authorization", "Bearer the key of the backend");

#[tokio::test]
async fn a_node_is_drained_once_and_says_how_far_it_is() {
    let edge = Edge::with(CONFIG).await;
    assert_eq!(standing(&edge).await["stage"], "serving");
    let drained = post(edge.address, "/v1/admin/drain", &[OPERATORS], "").await;
    assert_eq!(drained.status, 202, "{drained:?}");
    let said = drained.json();
    assert_eq!(
        (&said["connections"], &said["within_ms"], &said["spread_ms"]),
        (&0.into(), &20_000.into(), &10_000.into())
    );
    while standing(&edge).await["stage"] != "drained" {}

    for path in ["/v1/admin/drain", "/v1/admin/shed?percent=10"] {
        let again = post(edge.address, path, &[OPERATORS], "").await;
        let (code, reason) = again.refusal();
        assert_eq!((again.status, code.as_str()), (409, "draining"));
        assert!(reason.ends_with("is draining already, 0 connections are left"), "{reason}");
    }
    assert_eq!(get(edge.address, "/health/ready", &[]).await.status, 503);
}

#[tokio::test]
async fn only_a_key_that_may_administer_moves_clients() {
    let edge = Edge::with(CONFIG).await;
    for (headers, status, says) in [
        (&[][..], 401, "send an API key"),
        (&[("authorization", "Bearer the key of nobody at all")], 401, "not known here"),
        (&[BACKEND], 403, "the API key of \"backend\" has no `admin = true`"),
    ] {
        for reply in [
            post(edge.address, "/v1/admin/drain", headers, "").await,
            post(edge.address, "/v1/admin/shed?percent=10", headers, "").await,
            get(edge.address, "/v1/admin/node", headers).await,
        ] {
            let (code, reason) = reply.refusal();
            assert_eq!((reply.status, code.as_str()), (status, "forbidden"));
            assert!(reason.contains(says), "{reason}");
        }
    }
    let wish = r#"{"channel":"chat:lobby","data":1}"#;
    assert_eq!(post(edge.address, "/v1/publish", &[OPERATORS], wish).await.status, 403);
    assert_eq!(standing(&edge).await["stage"], "serving");
}

#[tokio::test]
async fn a_share_that_cannot_be_is_refused_with_what_would_be_right() {
    let edge = Edge::with(CONFIG).await;
    for (query, says) in [
        ("?percent=0", "percent goes from 1 to 100, it cannot be 0"),
        ("?percent=101", "percent goes from 1 to 100, it cannot be 101"),
        ("?percent=-5", "percent goes from 1 to 100, it cannot be -5"),
        ("?percent=half", "?percent=25"),
        ("?percent=12.5", "?percent=25"),
        ("?share=10", "?percent=25"),
        ("", "?percent=25"),
    ] {
        let reply = shed(&edge, query).await;
        let (code, reason) = reply.refusal();
        assert_eq!((reply.status, code.as_str()), (400, "malformed"), "{query}");
        assert!(reason.contains(says), "{query}: {reason}");
    }
    let nobody = shed(&edge, "?percent=50").await;
    assert_eq!((nobody.status, &nobody.json()["asked"]), (200, &0.into()), "{nobody:?}");
}

async fn shed(edge: &Edge, query: &str) -> Reply {
    post(edge.address, &format!("/v1/admin/shed{query}"), &[OPERATORS], "").await
}

async fn standing(edge: &Edge) -> serde_json::Value {
    get(edge.address, "/v1/admin/node", &[OPERATORS]).await.json()
}
