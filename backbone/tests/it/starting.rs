use tidewire_backbone::{Backbone, BackboneError, RedisBackbone};
use tidewire_test_redis::{Server, Settings};

use crate::redis::config;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_a_password_is_told_apart_from_one_that_takes_another() {
    let server = Server::with(Settings::default().password("secret"));
    let at = format!("127.0.0.1:{}", server.port());
    assert_eq!(says(format!("redis://:secret@{at}")).await, None);
    assert_says(format!("redis://{at}"), "wants a password: redis://:PASSWORD@HOST:PORT").await;
    assert_says(format!("redis://:hunter2@{at}"), "does not take the user and password").await;
    assert_says(format!("redis://ann:hunter2@{at}"), "does not take the user and password").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_too_little_is_told_where_to_look() {
    let server = Server::with(Settings::default().user("app on >word ~tidewire:* &tidewire:* +info +ping"));
    let address = format!("redis://app:word@127.0.0.1:{}", server.port());
    assert_says(address, "docs/operations.md lists what it needs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_told() {
    let server = Server::start();
    assert_says(format!("redis://127.0.0.1:{}/99", server.port()), "no such database").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_a_cluster_is_no_server_by_itself() {
    let server = Server::with(Settings::default().set("cluster-enabled", "yes"));
    assert_says(format!("redis://127.0.0.1:{}", server.port()), "redis+cluster://HOST:PORT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_by_itself_is_no_cluster() {
    let server = Server::start();
    assert_says(format!("redis+cluster://127.0.0.1:{}", server.port()), "redis://HOST:PORT").await;
}

/// Why it does not start; `None` where it does.
pub(crate) async fn says(addresses: String) -> Option<String> {
    match RedisBackbone::connect(config(addresses)).await {
        Ok((node, _)) => {
            assert!(node.is_ready());
            None
        }
        Err(BackboneError::Refused(text) | BackboneError::Unavailable(text)) => Some(text),
    }
}

pub(crate) async fn assert_says(addresses: String, advice: &str) {
    let said = says(addresses.clone()).await.unwrap_or_default();
    assert!(said.contains(advice), "{addresses}: {said:?}");
    assert!(!said.contains("hunter2"), "{said}");
}
