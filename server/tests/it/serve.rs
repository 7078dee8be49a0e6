//! `tidewire serve`, as its users meet it.

use std::net::SocketAddr;

use tidewire_test_redis::{Server as Redis, Settings, Topology};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_tungstenite::tungstenite;

use crate::binary::{CONFIG, Folder, Running, SECRET, closing, hear, in_time, say, stderr, tidewire};
use crate::http::{get, post};

#[tokio::test]
async fn a_server_for_development_says_where_it_is_and_what_it_allows() {
    let server = Running::start(&["--dev"]).await;
    let lines = server.greeting.join("\n");
    assert!(lines.contains(&format!("clients   ws://{}/v1/connect", server.address)), "{lines}");
    assert!(lines.contains("backbone  memory"), "{lines}");
    assert!(
        lines.contains("access    --dev: anonymous clients of this machine may do everything"),
        "{lines}"
    );
    let metrics = get(server.address, "/metrics", &[]).await;
    assert_eq!(metrics.status, 200);

    let mut client = server.connect().await;
    say(&mut client, r#"{"hello":{"sdk":"tests/1","publisher":"0123456789abcdef"}}"#).await;
    assert!(hear(&mut client).await.contains("welcome"));
    say(&mut client, r#"{"publish":{"id":1,"channel":"any:thing","seq":1,"data":1}}"#).await;
    assert!(hear(&mut client).await.contains(r#""published""#));
    assert!(get(server.address, "/metrics", &[]).await.body.contains("tidewire_connections_total 1"));
}

#[tokio::test]
async fn without_dev_an_anonymous_client_is_turned_away() {
    let server = Running::start(&[]).await;
    assert!(server.greeting.join("\n").contains("nobody may do anything yet"));
    let mut client = server.connect().await;
    say(&mut client, r#"{"hello":{"sdk":"tests/1"}}"#).await;
    let closed = closing(&mut client).await;
    assert_eq!(closed, Some((4505, "a token is needed to connect here".to_owned())));
    let reply = post(server.address, "/v1/publish", &[], r#"{"channel":"any:thing","data":1}"#).await;
    assert_eq!(reply.status, 401);
    assert_eq!(get(server.address, "/metrics", &[]).await.status, 404);
}

#[tokio::test]
async fn a_token_opens_what_it_names_and_a_bad_one_says_why_it_does_not() {
    let folder = Folder::with(CONFIG);
    let server = Running::start(&[&format!("--config={}", folder.config())]).await;
    let mut client = server.connect().await;
    let token = folder.token("--subscribe=chat:lobby").await;
    say(&mut client, &format!(r#"{{"hello":{{"sdk":"tests/1","token":"{token}"}}}}"#)).await;
    assert!(hear(&mut client).await.contains("welcome"));
    say(&mut client, r#"{"subscribe":{"id":1,"channel":"chat:lobby"}}"#).await;
    assert!(hear(&mut client).await.contains("subscribed"));
    say(&mut client, r#"{"subscribe":{"id":2,"channel":"chat:other"}}"#).await;
    assert!(hear(&mut client).await.contains("forbidden"));

    for (token, code, reason) in [
        (folder.token("--expires=0s").await, 4005, "the token has expired"),
        (format!("{token}x"), 4504, "the token"),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), 4504, "the token is unsigned"),
    ] {
        let mut client = server.connect().await;
        say(&mut client, &format!(r#"{{"hello":{{"sdk":"tests/1","token":"{token}"}}}}"#)).await;
        let (closed, said) = closing(&mut client).await.unwrap();
        assert!(closed == code && said.starts_with(reason), "{closed} {said}");
    }
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_where_that_is_wanted() {
    let folder = Folder::with("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let server = Running::start(&[&format!("--config={}", folder.config())]).await;
    let said = server.greeting.iter().find_map(|line| line.strip_prefix("  metrics   http://")).unwrap();
    let own: SocketAddr = said.strip_suffix("/metrics").unwrap().parse().unwrap();
    let refused = [("origin", "https://evil.test")];
    assert_eq!(get(server.address, "/v1/connect", &refused).await.status, 403);
    let counted = get(own, "/metrics", &[]).await;
    assert!(counted.body.contains("tidewire_origins_refused_total 1"), "{counted:?}");
    assert!(counted.body.contains("# HELP tidewire_origins_refused_total "), "{counted:?}");
    assert_eq!(get(server.address, "/metrics", &[]).await.status, 404);
}

#[tokio::test]
async fn log_lines_show_neither_tokens_nor_keys_nor_payloads() {
    let folder = Folder::with(CONFIG);
    let mut server = Running::start_logging("trace", &[&format!("--config={}", folder.config())]).await;
    let token = folder.token("--publish=chat:*").await;
    let mut client = server.connect().await;
    let hello =
        format!(r#"{{"hello":{{"sdk":"tests/1","publisher":"0123456789abcdef","token":"{token}"}}}}"#);
    say(&mut client, &hello).await;
    assert!(hear(&mut client).await.contains("welcome"));
    say(&mut client, r#"{"publish":{"id":1,"channel":"chat:lobby","seq":1,"data":"PAYLOAD-1"}}"#).await;
    assert!(hear(&mut client).await.contains("published"));
    let key = [("authorization", "Bearer the key of the tests")];
    let wish = r#"{"channel":"chat:lobby","data":"PAYLOAD-2"}"#;
    assert_eq!(post(server.address, "/v1/publish", &key, wish).await.status, 200);
    drop(client);
    server.signal("TERM").await;
    let (_, log) = server.ended().await;
    assert!(log.contains("stopping"), "{log}");
    let signature = token.rsplit('.').next().unwrap();
    for secret in ["PAYLOAD-1", "PAYLOAD-2", signature, "the key of the tests", SECRET] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn log_lines_are_json_where_that_is_wanted() {
    let folder = Folder::with("[log]\nformat = \"json\"\n");
    let mut server = Running::start(&[&format!("--config={}", folder.config())]).await;
    server.signal("TERM").await;
    let (_, log) = server.ended().await;
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    assert!(log.contains("stopping"));
}

#[tokio::test]
async fn a_signal_sends_clients_elsewhere_and_then_the_server_ends_well() {
    for signal in ["TERM", "INT"] {
        let mut server = Running::start(&["--dev"]).await;
        let mut client = server.connect().await;
        say(&mut client, r#"{"hello":{"sdk":"tests/1"}}"#).await;
        assert!(hear(&mut client).await.contains("welcome"));
        server.signal(signal).await;
        assert!(hear(&mut client).await.contains("going_away"));
        let ready = get(server.address, "/health/ready", &[]).await;
        assert_eq!((ready.status, &ready.json()["reason"]), (503, &"the node is going away".into()));
        client.close(None).await.unwrap();
        assert_eq!(server.ended().await.0.code(), Some(0));
    }
}

#[tokio::test]
async fn who_does_not_leave_in_time_is_closed() {
    let folder = Folder::with("[server]\ndrain = \"1s\"\n");
    let mut server = Running::start(&["--dev", &format!("--config={}", folder.config())]).await;
    let mut client = server.connect().await;
    say(&mut client, r#"{"hello":{"sdk":"tests/1"}}"#).await;
    assert!(hear(&mut client).await.contains("welcome"));
    server.signal("TERM").await;
    assert_eq!(closing(&mut client).await.map(|(code, _)| code), Some(4000));
    assert_eq!(server.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    let folder = Folder::with("[server]\ndrain = \"1h\"\n");
    let mut server = Running::start(&["--dev", &format!("--config={}", folder.config())]).await;
    let mut client = server.connect().await;
    say(&mut client, r#"{"hello":{"sdk":"tests/1"}}"#).await;
    assert!(hear(&mut client).await.contains("welcome"));
    server.signal("TERM").await;
    assert!(hear(&mut client).await.contains("going_away"));
    server.signal("TERM").await;
    let (status, log) = server.ended().await;
    assert!(status.success() && log.contains("stopped at once"), "{status} {log}");
}

#[tokio::test]
async fn an_address_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let output = tidewire(&["serve", "--listen", &taken.local_addr().unwrap().to_string()]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("something listens there already; --listen 127.0.0.1:0 takes a free port"),
        "{said}"
    );
}

#[tokio::test]
async fn a_backbone_of_another_kind_is_told_with_what_would_be_right() {
    let output = tidewire(&["serve", "--backbone", "kafka://localhost"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("kafka:// is no Redis; use redis://HOST:PORT"));
}

#[tokio::test]
async fn without_its_redis_a_server_is_not_ready_refuses_to_publish_and_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut server = Running::start(&["--dev", "--backbone", &format!("redis://{free}")]).await;
    let ready = get(server.address, "/health/ready", &[]).await;
    assert_eq!((ready.status, &ready.json()["reason"]), (503, &"the backbone cannot be reached".into()));
    let reply = post(server.address, "/v1/publish", &[], r#"{"channel":"any:thing","data":1}"#).await;
    assert_eq!((reply.status, reply.refusal().0.as_str()), (503, "unavailable"));
    assert!(reply.headers.contains("retry-after: 1"), "{reply:?}");
    assert_eq!(get(server.address, "/health/live", &[]).await.status, 200);
    server.signal("TERM").await;
    let (status, log) = server.ended().await;
    assert!(
        status.success() && log.contains("the backbone does not answer; not ready, trying again"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_list_of_servers_is_noticed() {
    let redis = Redis::start();
    let key = "tidewire:place:{tidewire:nodes}";
    redis.run::<()>(&["SET", key, "2 of 3"]);
    let mut server = Running::start(&["--dev", "--backbone", &redis.url()]).await;
    in_time(async {
        while redis.run::<String>(&["GET", key]) != "1 of 1" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    server.signal("TERM").await;
    let (_, log) = server.ended().await;
    assert!(log.contains("at another place of its list") && log.contains("2 of 3"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_wants_a_password_is_told_at_the_start() {
    let redis = Redis::with(Settings::default().password("secret"));
    let output = tidewire(&["serve", "--listen", "127.0.0.1:0", "--backbone", &redis.url()]).await;
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("wants a password: redis://:PASSWORD@HOST:PORT"), "{said}");
}

#[tokio::test]
async fn when_its_redis_comes_the_server_is_ready_and_takes_what_it_refused() {
    let mut redis = Redis::start();
    redis.kill();
    let server = Running::start(&["--dev", "--backbone", &redis.url()]).await;
    let wish = r#"{"channel":"any:thing","data":1}"#;
    let key = [("idempotency-key", "order-7")];
    assert_eq!(post(server.address, "/v1/publish", &key, wish).await.status, 503);

    redis.restart();
    in_time(async { while get(server.address, "/health/ready", &[]).await.status != 200 {} }).await;
    let receipt = post(server.address, "/v1/publish", &key, wish).await;
    assert_eq!((receipt.status, &receipt.json()["repeated"]), (200, &false.into()), "{receipt:?}");
    let repeated = post(server.address, "/v1/publish", &key, wish).await;
    assert_eq!((repeated.status, &repeated.json()["repeated"]), (200, &true.into()), "{repeated:?}");
    assert_eq!(receipt.json()["position"], repeated.json()["position"]);
}

#[tokio::test]
async fn where_few_files_may_be_opened_more_connections_are_refused_with_a_reason() {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "ulimit -n 128; exec \"$0\" serve --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_tidewire"),
    ]);
    let server = Running::of(shell).await;
    let limits = "  limits    64 connections, as the process may open 128 files (ulimit -n)";
    assert!(server.greeting.iter().any(|line| line == limits), "{:?}", server.greeting);
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(server.connect().await);
    }
    let refused = server.try_connect().await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(response) if response.status() == 503));
}

#[tokio::test]
async fn a_pages_files_are_served_and_its_own_paths_lead_to_its_index() {
    let folder = Folder::with("");
    std::fs::write(folder.0.path().join("index.html"), "<title>index</title>").unwrap();
    std::fs::write(folder.0.path().join("main.js"), "export {}").unwrap();
    let server = Running::start(&["--dev", "--serve-dir", folder.0.path().to_str().unwrap()]).await;
    let script = get(server.address, "/main.js", &[]).await;
    assert!(
        script.body == "export {}" && script.headers.contains("content-type: text/javascript"),
        "{script:?}"
    );
    for path in ["/", "/rooms/7"] {
        let page = get(server.address, path, &[]).await;
        assert_eq!((page.status, page.body.as_str()), (200, "<title>index</title>"), "{path}");
    }
    assert_eq!(get(server.address, "/health/live", &[]).await.status, 200);
    let outside = get(server.address, "/..%2f..%2f..%2f..%2fetc/hostname", &[]).await;
    assert_ne!(outside.body, std::fs::read_to_string("/etc/hostname").unwrap_or_default());
}
