//! Publishing and reading over HTTP.

use crate::edge::Edge;
use crate::http::{Reply, get, post};

#[tokio::test]
async fn what_is_published_is_in_the_history() {
    let edge = Edge::with(CONFIG).await;
    let receipt = publish(&edge, &[], r#"{"channel":"chat:lobby","data":{"text":"hi"},"user":"ann"}"#).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    assert_eq!(receipt.json()["repeated"], false);

    let page = history(&edge, "chat:lobby", "").await.json();
    assert_eq!(page["publications"][0]["data"]["text"], "hi");
    assert_eq!(page["publications"][0]["user"], "ann");
    assert_eq!(page["publications"][0]["position"], receipt.json()["position"]);
    assert_eq!(page["more"], false);
}

#[tokio::test]
async fn bytes_come_back_as_bytes() {
    let edge = Edge::with(CONFIG).await;
    assert_eq!(publish(&edge, &[], r#"{"channel":"chat:lobby","bytes":"AAEC/w=="}"#).await.status, 200);
    assert_eq!(history(&edge, "chat:lobby", "").await.json()["publications"][0]["bytes"], "AAEC/w==");
}

#[tokio::test]
async fn null_is_data_too() {
    let edge = Edge::with(CONFIG).await;
    assert_eq!(publish(&edge, &[], r#"{"channel":"chat:lobby","data":null}"#).await.status, 200);
    let page = history(&edge, "chat:lobby", "").await;
    assert!(page.body.contains(r#""data":null"#), "{page:?}");
}

#[tokio::test]
async fn repeating_with_an_idempotency_key_makes_no_second_copy() {
    let edge = Edge::with(CONFIG).await;
    let wish = r#"{"channel":"chat:lobby","data":1}"#;
    let first = publish(&edge, &[("idempotency-key", "order-7")], wish).await.json();
    let second = publish(&edge, &[("idempotency-key", "order-7")], wish).await.json();
    assert_eq!((&first["repeated"], &second["repeated"]), (&false.into(), &true.into()));
    assert_eq!(first["position"], second["position"]);
    assert!(first["position"].is_string());
    assert_eq!(count(&edge, "chat:lobby").await, 1);
}

#[tokio::test]
async fn another_idempotency_key_or_none_or_another_api_key_is_another_publication() {
    let edge = Edge::with(CONFIG).await;
    let wish = r#"{"channel":"chat:lobby","data":1}"#;
    for headers in [&[("idempotency-key", "a")][..], &[("idempotency-key", "b")], &[], &[]] {
        assert_eq!(publish(&edge, headers, wish).await.json()["repeated"], false);
    }
    let other = [("authorization", "Bearer the key of somebody else"), ("idempotency-key", "a")];
    assert_eq!(post(edge.address, "/v1/publish", &other, wish).await.json()["repeated"], false);
    assert_eq!(count(&edge, "chat:lobby").await, 5);
}

#[tokio::test]
async fn history_continues_where_it_was_cut() {
    let edge = Edge::with(CONFIG).await;
    for number in 0..5 {
        publish(&edge, &[], &format!(r#"{{"channel":"chat:lobby","data":{number}}}"#)).await;
    }
    let newest = history(&edge, "chat:lobby", "?limit=2").await.json();
    assert_eq!(numbers(&newest), [3, 4]);
    let all = history(&edge, "chat:lobby", "").await.json();
    let first = all["publications"][0]["position"].as_str().unwrap();
    let next = history(&edge, "chat:lobby", &format!("?since={first}&limit=2")).await.json();
    assert_eq!((numbers(&next), &next["more"]), (vec![1, 2], &true.into()));
    let gone = history(&edge, "chat:lobby", "?since=3-00000000").await.json();
    assert!(gone["reset"].is_string(), "{gone}");
}

#[tokio::test]
async fn without_a_good_api_key_nothing_is_done() {
    let edge = Edge::with(CONFIG).await;
    let wish = r#"{"channel":"chat:lobby","data":1}"#;
    for (headers, reason) in [
        (&[][..], "send an API key"),
        (&[("authorization", "Bearer the key of the tests!")], "not known"),
        (&[("authorization", "Bearer ")], "Bearer KEY"),
        (&[("authorization", "Basic dGVzdA==")], "Bearer KEY"),
        (&[("authorization", "the key of the tests")], "Bearer KEY"),
    ] {
        for reply in [
            post(edge.address, "/v1/publish", headers, wish).await,
            get(edge.address, "/v1/channels/chat:lobby/history", headers).await,
        ] {
            assert_eq!(reply.status, 401, "{reply:?}");
            assert!(reply.headers.contains("www-authenticate: bearer"));
            let (code, said) = reply.refusal();
            assert!(code == "forbidden" && said.contains(reason), "{said}");
        }
    }
    assert_eq!(count(&edge, "chat:lobby").await, 0);
}

#[tokio::test]
async fn an_api_key_reaches_no_further_than_its_patterns() {
    let edge = Edge::with(CONFIG).await;
    let reply = publish(&edge, &[], r#"{"channel":"news:today","data":1}"#).await;
    assert_eq!((reply.status, reply.refusal().0.as_str()), (403, "forbidden"));
    let other = [("authorization", "Bearer the key of somebody else")];
    let reply = get(edge.address, "/v1/channels/chat:lobby/history", &other).await;
    assert_eq!((reply.status, reply.refusal().0.as_str()), (403, "forbidden"));
}

#[tokio::test]
async fn a_namespace_that_is_not_configured_does_not_exist() {
    let edge = Edge::with(CONFIG).await;
    let wide = [("authorization", "Bearer the key of everything")];
    let reply = post(edge.address, "/v1/publish", &wide, r#"{"channel":"other:x","data":1}"#).await;
    assert_eq!((reply.status, reply.refusal().0.as_str()), (403, "forbidden"));
}

#[tokio::test]
async fn a_bad_request_is_answered_with_a_code_and_a_reason() {
    let edge = Edge::with(CONFIG).await;
    let large = format!(r#"{{"channel":"chat:lobby","data":"{}"}}"#, "x".repeat(40 << 10));
    let huge = format!(r#"{{"channel":"chat:lobby","data":"{}"}}"#, "x".repeat(200 << 10));
    for (body, status, code, reason) in [
        ("", 400, "malformed", "cannot be read"),
        ("{", 400, "malformed", "cannot be read"),
        (r#"{"data":1}"#, 400, "malformed", "channel"),
        (r#"{"channel":"chat:lobby","data":1,"sed":1}"#, 400, "malformed", "sed"),
        (r#"{"channel":"lobby","data":1}"#, 400, "bad_channel", "namespace:rest"),
        (r#"{"channel":"chat:lobby"}"#, 400, "bad_payload", "either"),
        (r#"{"channel":"chat:lobby","data":1,"bytes":""}"#, 400, "bad_payload", "either"),
        (r#"{"channel":"chat:lobby","bytes":"?"}"#, 400, "bad_payload", "base64"),
        (&large, 413, "too_large", "bytes"),
        (&huge, 413, "too_large", "too large"),
    ] {
        let reply = publish(&edge, &[], body).await;
        let (said_code, said) = reply.refusal();
        assert_eq!((reply.status, said_code.as_str()), (status, code), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    for (query, code) in
        [("?limit=x", "malformed"), ("?since=x", "malformed"), ("?sinc=1-00000000", "malformed")]
    {
        let reply = history(&edge, "chat:lobby", query).await;
        assert_eq!((reply.status, reply.refusal().0.as_str()), (400, code), "{query}");
    }
    assert_eq!(history(&edge, "lobby", "").await.refusal().0, "bad_channel");
    assert_eq!(history(&edge, "cursors:x", "").await.refusal().0, "not_retained");
    let long = "k".repeat(256);
    let reply = publish(&edge, &[("idempotency-key", &long)], r#"{"channel":"chat:lobby","data":1}"#).await;
    assert_eq!(reply.refusal().0, "malformed");
}

#[tokio::test]
async fn an_ephemeral_publication_has_no_position() {
    let edge = Edge::with(CONFIG).await;
    let receipt = publish(&edge, &[], r#"{"channel":"cursors:x","data":1}"#).await;
    assert_eq!((receipt.status, &receipt.json()["position"]), (200, &serde_json::Value::Null));
}

#[tokio::test]
async fn a_developer_at_this_machine_needs_no_key() {
    let edge = Edge::in_development("").await;
    let wish = r#"{"channel":"any:thing","data":1}"#;
    let port = edge.address.port();
    let page = format!("http://localhost:{port}");
    for headers in
        [&[][..], &[("origin", page.as_str())], &[("origin", "http://[::1]:4200"), ("host", "localhost")]]
    {
        let reply = post(edge.address, "/v1/publish", headers, wish).await;
        assert_eq!(reply.status, 200, "{headers:?}: {reply:?}");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_is_no_developer() {
    let edge = Edge::in_development("").await;
    let wish = r#"{"channel":"any:thing","data":1}"#;
    for headers in [
        &[("origin", "https://evil.test")][..],
        &[("origin", "http://localhost.evil.test")],
        &[("origin", "null")],
        &[("host", "evil.test")],
    ] {
        let reply = post(edge.address, "/v1/publish", headers, wish).await;
        assert_eq!(reply.status, 401, "{headers:?}: {reply:?}");
    }
}

#[tokio::test]
async fn health_says_alive_and_ready() {
    let edge = Edge::with("").await;
    assert_eq!(get(edge.address, "/health/live", &[]).await.status, 200);
    let ready = get(edge.address, "/health/ready", &[]).await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &true.into()));
}

const CONFIG: &str = r#"
    [namespaces.chat]
    [namespaces.news]
    [namespaces.cursors]
    retention = "none"

    [[api_keys]]
    name = "tests"
    key = "the key of the tests"
    subscribe = ["chat:*", "cursors:*"]
    publish = ["chat:*", "cursors:*"]

    [[api_keys]]
    name = "somebody else"
    key = "the key of somebody else"
    publish = ["chat:*"]

    [[api_keys]]
    name = "everything"
    key = "the key of everything"
    publish = ["*"]
"#;

const KEY: (&str, &str) = ("authorization", "Bearer the key of the tests");

async fn publish(edge: &Edge, headers: &[(&str, &str)], wish: &str) -> Reply {
    post(edge.address, "/v1/publish", &[&[KEY], headers].concat(), wish).await
}

async fn history(edge: &Edge, channel: &str, query: &str) -> Reply {
    get(edge.address, &format!("/v1/channels/{channel}/history{query}"), &[KEY]).await
}

async fn count(edge: &Edge, channel: &str) -> usize {
    history(edge, channel, "").await.json()["publications"].as_array().unwrap().len()
}

fn numbers(page: &serde_json::Value) -> Vec<u64> {
    let publications = page["publications"].as_array().unwrap();
    publications.iter().map(|publication| publication["data"].as_u64().unwrap()).collect()
}
