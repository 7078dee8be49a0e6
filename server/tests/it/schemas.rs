//! A namespace's JSON Schema: what it lets through, what it refuses and how, and the types that are written from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidewire_protocol::Payload;
use tidewire_server::codegen::typescript;
use tidewire_server::{AllowAll, NamespaceSettings, Namespaces, PayloadSchema, Settings};

use crate::binary::{Folder, stderr, stdout, tidewire};
use crate::edge::Edge;
use crate::harness::{TestNode, node_with, publish, settings};
use crate::http::post;

/// The example that the npm package's type tests compile.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../npm/client/test/codegen");

#[tokio::test]
async fn what_matches_is_published_and_what_does_not_is_refused_with_the_place_and_the_rule() {
    let node = node_whose_chat_is(json!({
        "type": "object",
        "properties": { "user": { "type": "object", "properties": { "age": { "type": "integer" } } } },
        "required": ["user"]
    }))
    .await;
    let mut client = node.connect(1).await;
    client.publishes("chat:lobby", 1, json!({"user": {"age": 42}})).await;

    client.say(publish("chat:lobby", 2, json!({"user": {"age": "4711 is a secret"}}))).await;
    let refused = client.hears("refused").await;
    assert_eq!(refused["code"], "bad_payload");
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("at /user/age: ") && reason.contains("(rule /properties/user/"), "{reason}");
    assert!(!reason.contains("4711"), "a payload is nobody else's to see: {reason}");

    client.say(publish("chat:lobby", 2, json!({}))).await;
    let refused = client.hears("refused").await;
    assert!(refused["reason"].as_str().unwrap().contains("at its root: \"user\" is a required"), "{refused}");

    // A refusal ends the request: the place is the next one's.
    client.publishes("chat:lobby", 2, json!({"user": {}})).await;
    // Other namespaces take what they took.
    client.publishes("free:lobby", 1, "anything").await;
}

#[tokio::test]
async fn what_a_backend_publishes_is_checked_too() {
    let folder = Folder::with("");
    let file = folder.0.path().join("chat.schema.json");
    std::fs::write(&file, r#"{"type":"string","format":"date-time"}"#).unwrap();
    let config = format!("{}\nschema = {file:?}\n", crate::binary::CONFIG.replace("[namespaces.chat]", ""));
    let (keys, schema) = config.split_once("\nschema").unwrap();
    let edge = Edge::with(&format!("{keys}\n[namespaces.chat]\nschema{schema}")).await;
    for (wish, status) in [
        (r#"{"channel":"chat:a","data":"2026-11-24T17:00:00Z"}"#, 200),
        (r#"{"channel":"chat:a","data":"soon"}"#, 400),
        (r#"{"channel":"chat:a","data":7}"#, 400),
        (r#"{"channel":"chat:a","bytes":"AAEC"}"#, 400),
    ] {
        let key = [("authorization", "Bearer the key of the tests")];
        let reply = post(edge.address, "/v1/publish", &key, wish).await;
        assert_eq!(reply.status, status, "{wish}: {reply:?}");
    }
}

#[test]
fn a_pattern_that_would_take_exponential_time_is_matched_in_linear_time() {
    let schema = PayloadSchema::new(json!({"type": "string", "pattern": "^(a+)+$"})).unwrap();
    let evil = format!("\"{}b\"", "a".repeat(30_000));
    let begun = std::time::Instant::now();
    assert!(schema.check(&Payload::Json(evil.into())).is_err());
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[tokio::test]
async fn a_schema_that_cannot_be_used_is_a_mistake_of_the_configuration() {
    let folder = Folder::with("[namespaces.chat]\nschema = \"chat.json\"\npattern = \"news:{id}\"\n");
    for (text, said) in [
        (None, "chat.json cannot be read"),
        (Some("{"), "tidewire.toml:2:10: the schema is not JSON"),
        (Some(r#"{"type":"text"}"#), "tidewire.toml:2:10: this is no JSON Schema, at /type: "),
        (Some(r#"{"$ref":"https://example.org/x.json"}"#), "Retrieval is disabled"),
        (Some(r#"{"pattern":"(?=a)"}"#), "this is no JSON Schema, at /pattern: "),
        (Some("{}"), "`namespaces.chat.pattern`: a pattern begins with its namespace and a colon"),
    ] {
        let file = folder.0.path().join("chat.json");
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let output = tidewire(&["check-config", &folder.config()]).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn the_types_that_npm_compiles_are_those_of_the_schemas_beside_them() {
    let config = format!("--config={EXAMPLE}/tidewire.toml");
    let output = tidewire(&["codegen", &config, &format!("--out={EXAMPLE}/channels.ts"), "--check"]).await;
    assert!(output.status.success(), "{}", stderr(&output));

    // The check is one: another file does not pass it.
    let output =
        tidewire(&["codegen", &config, &format!("--out={EXAMPLE}/chat.schema.json"), "--check"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is not what the schemas say now"), "{}", stderr(&output));
    assert!(stdout(&tidewire(&["codegen", &config]).await).contains("export const sensorReadings"));
}

#[tokio::test]
async fn codegen_says_what_it_needs() {
    let folder = Folder::with("[namespaces.chat]\n");
    let output = tidewire(&["codegen", "--config", &folder.config()]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("names a schema: add schema ="), "{}", stderr(&output));
}

/// A message as a backend in Rust has it.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Message {
    /// Somebody said something.
    Said { text: String, by: Person },
    /// Somebody came.
    Came { by: Person, at: u64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Person {
    name: String,
    email: Option<String>,
}

#[test]
fn rust_types_are_a_schema_and_typescript_types() {
    let schema = PayloadSchema::new(schemars::schema_for!(Message).into()).unwrap();
    let message = Message::Said { text: "hi".to_owned(), by: Person { name: "ann".to_owned(), email: None } };
    let said = serde_json::to_vec(&message).unwrap();
    assert_eq!(schema.check(&Payload::Json(said.into())), Ok(()));
    assert!(schema.check(&Payload::Json(r#"{"kind":"came","by":{"name":"ann"}}"#.into())).is_err());

    let settings = NamespaceSettings { schema: Some(schema), ..NamespaceSettings::default() };
    let namespaces = Namespaces { named: [("chat".to_owned(), settings)].into(), others: None };
    let text = typescript(&namespaces).unwrap().unwrap();
    for expected in [
        "export interface ChatPerson {\n  email?: string | null;\n  name: string;\n}\n",
        "  kind: 'came';\n",
        "  by: ChatPerson;\n",
        "export const chat: ChannelDefinition<'chat:{id}', Chat> = ",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

async fn node_whose_chat_is(schema: Value) -> TestNode {
    let chat = NamespaceSettings { schema: Some(PayloadSchema::new(schema).unwrap()), ..open() };
    let namespaces = Namespaces { named: [("chat".to_owned(), chat)].into(), others: Some(open()) };
    node_with(Settings { namespaces, ..settings() }, AllowAll).await
}

fn open() -> NamespaceSettings {
    Namespaces::open().others.unwrap()
}
