//! What the application says of a member, and who reads it over HTTP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tidewire_server::auth::{Claims, Grants, Secret, TokenKey};

use crate::binary::SECRET;
use crate::edge::Edge;
use crate::harness::{Client, dial};
use crate::http::{Reply, get};

#[tokio::test]
async fn what_a_token_says_of_its_user_is_seen_by_all_until_another_says_otherwise() {
    let edge = Edge::with(CONFIG).await;
    let mut ada = comes(&edge, "ada", Some(json!({"colour": "blue"}))).await;
    let mut bob = comes(&edge, "bob", None).await;
    ada.say(json!({"presence": {"id": 2, "channel": "chat:lobby", "watch": true}})).await;
    ada.hears("presence").await;
    let list = has(&edge, 2).await;
    assert_eq!(list["users"], 2);
    let of = |user: &str| {
        let members = list["members"].as_array().unwrap();
        members.iter().find(|member| member["user"] == user).unwrap().clone()
    };
    assert_eq!(of("ada")["info"], r#"{"colour":"blue"}"#);
    assert!(of("bob").get("info").is_none());

    let other = token("bob", Some(json!("away")));
    bob.say(json!({"refresh": {"id": 3, "token": other}})).await;
    bob.hears("refreshed").await;
    let joined = loop {
        let joined = ada.hears("joined").await;
        if joined["member"].get("info").is_some() && joined["member"]["user"] == "bob" {
            break joined;
        }
    };
    let expected = json!({"user": "bob", "info": "\"away\"", "connection": of("bob")["connection"]});
    assert_eq!((&joined["member"], &joined["connections"]), (&expected, &json!(2)));
}

#[tokio::test]
async fn more_than_may_be_said_of_a_user_is_refused_at_the_door() {
    let edge = Edge::with(CONFIG).await;
    let mut ada = dial(edge.address).await.unwrap();
    let token = token("ada", Some(json!("x".repeat(1023))));
    ada.say(json!({"hello": {"sdk": "test", "token": token}})).await;
    let (code, reason) = ada.hears_close().await;
    assert_eq!(code, 4504);
    assert!(reason.contains("1025 bytes, 1024 are allowed"), "{reason}");
}

#[tokio::test]
async fn over_http_it_is_read_page_by_page_and_refused_where_it_is_not_told() {
    let edge = Edge::with(CONFIG).await;
    let _ada = comes(&edge, "ada", None).await;
    let _bob = comes(&edge, "bob", None).await;
    has(&edge, 2).await;
    let first = presence(&edge, "chat:lobby", "?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = presence(&edge, "chat:lobby", &format!("?after={next}")).await.json();
    assert_eq!((first["connections"].clone(), second["connections"].clone()), (json!(2), json!(2)));
    assert_ne!(first["members"][0]["user"], second["members"][0]["user"]);
    assert!(second.get("next").is_none(), "{second}");

    for (channel, query, status, code) in [
        ("news:today", "", 501, "not_supported"),
        ("secret:diary", "", 403, "forbidden"),
        ("lobby", "", 400, "bad_channel"),
        ("chat:lobby", "?limit=x", 400, "malformed"),
        ("chat:lobby", "?page=2", 400, "malformed"),
    ] {
        let reply = presence(&edge, channel, query).await;
        assert_eq!((reply.status, reply.refusal().0.as_str()), (status, code), "{channel}{query}");
    }
    let path = "/v1/channels/chat:lobby/presence";
    assert_eq!(get(edge.address, path, &[]).await.status, 401);
}

const CONFIG: &str = r#"
    [[keys]]
    algorithm = "HS256"
    secret = "a secret of the tests, long enough"

    [[api_keys]]
    name = "tests"
    key = "the key of the tests"
    subscribe = ["chat:*", "news:*"]

    [namespaces.chat]
    presence = true
    [namespaces.news]
    [namespaces.secret]
    presence = true
"#;

fn token(user: &str, info: Option<Value>) -> String {
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(600);
    let grants = Grants { subscribe: vec!["chat:*".parse().unwrap()], publish: Vec::new(), info };
    let claims =
        Claims { sub: user.into(), exp: end.as_secs(), nbf: None, iss: None, aud: None, tidewire: grants };
    TokenKey::from_secret(&Secret::new(SECRET)).unwrap().sign(&claims).unwrap()
}

async fn comes(edge: &Edge, user: &str, info: Option<Value>) -> Client {
    let mut client = dial(edge.address).await.unwrap();
    client.say(json!({"hello": {"sdk": "test", "token": token(user, info)}})).await;
    client.hears("welcome").await;
    client.subscribes("chat:lobby").await;
    client
}

async fn presence(edge: &Edge, channel: &str, query: &str) -> Reply {
    let key = ("authorization", "Bearer the key of the tests");
    get(edge.address, &format!("/v1/channels/{channel}/presence{query}"), &[key]).await
}

/// Asks until so many are there.
async fn has(edge: &Edge, connections: u64) -> Value {
    let asking = async {
        loop {
            let list = presence(edge, "chat:lobby", "").await.json();
            if list["connections"] == connections {
                return list;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("so many are never there")
}
