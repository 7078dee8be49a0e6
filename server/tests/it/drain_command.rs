//! `tidewire drain`, against a running server.

use std::net::TcpListener;

use crate::binary::{CONFIG, Folder, Running, closing, hear, say, stderr, stdout, tidewire};

const ADMIN: &str = "[[api_keys]]\nname = \"operators\"\nkey = \"the key of the operators\"\nadmin = true\n";

#[tokio::test]
async fn it_moves_the_clients_says_how_many_and_waits_until_they_have_left() {
    let folder = Folder::with("[server]\nnode = \"eu-1\"\ndrain = \"2s\"\n");
    let server = Running::start(&["--dev", &format!("--config={}", folder.config())]).await;
    let (mut moves, mut stays) = (server.connect().await, server.connect().await);
    for client in [&mut moves, &mut stays] {
        say(client, r#"{"hello":{"sdk":"tests/1"}}"#).await;
        assert!(hear(client).await.contains("welcome"));
    }
    let url = format!("--url=http://{}", server.address);
    let arguments = ["drain", &url];
    let (output, again, ()) = tokio::join!(
        tidewire(&arguments),
        async {
            assert!(hear(&mut stays).await.contains("going_away"));
            tidewire(&arguments).await
        },
        async {
            assert!(hear(&mut moves).await.contains("going_away"));
            moves.close(None).await.unwrap();
        }
    );
    assert_eq!(closing(&mut stays).await.map(|(code, _)| code), Some(4000));
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said} {}", stderr(&output));
    assert!(
        said.starts_with("eu-1 is draining: 2 connections move over 1s, who is left is closed after 2s\n"),
        "{said}"
    );
    assert!(said.contains("eu-1 is drained after "), "{said}");
    assert_eq!(again.status.code(), Some(0), "whoever began it, it is waited for");
    assert!(stdout(&again).starts_with("eu-1 is draining already, "), "{}", stdout(&again));
}

#[tokio::test]
async fn a_key_that_may_not_or_none_is_explained_and_exits_with_2() {
    let folder = Folder::with(&format!("{CONFIG}\n{ADMIN}"));
    let server = Running::start(&[&format!("--config={}", folder.config())]).await;
    let url = format!("--url=http://{}", server.address);
    let key = folder.0.path().join("key");
    let key_file = format!("--key-file={}", key.display());

    let without = tidewire(&["drain", &url]).await;
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("send an API key"), "{}", stderr(&without));
    for (written, says) in
        [("the key of the tests", "has no `admin = true`"), ("not a key of theirs", "not known here")]
    {
        std::fs::write(&key, written).unwrap();
        let refused = tidewire(&["drain", &url, &key_file]).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            stderr(&refused).contains(says) && stderr(&refused).contains("--key-file"),
            "{}",
            stderr(&refused)
        );
    }
    std::fs::write(&key, "the key of the operators\n").unwrap();
    assert_eq!(tidewire(&["drain", &url, &key_file]).await.status.code(), Some(0));
}

#[tokio::test]
async fn where_no_node_is_it_says_so_and_exits_with_1() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = tidewire(&["drain", &format!("--url=http://{free}")]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("http://{free} does not answer: ")), "{}", stderr(&output));
}

#[tokio::test]
async fn what_is_no_url_of_a_node_is_refused_with_an_example() {
    for (url, says) in [
        ("127.0.0.1:7800", "http://127.0.0.1:7800 is one"),
        ("http://127.0.0.1:7800/metrics", "http://127.0.0.1:7800 is one"),
        ("https://example.org", "a node speaks http"),
    ] {
        let output = tidewire(&["drain", &format!("--url={url}")]).await;
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}
