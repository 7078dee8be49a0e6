use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;

/// A server that says everything again, behind a proxy, and a connection to it.
async fn echo() -> (FaultProxy, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = socket.into_split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    let proxy = FaultProxy::to(port).await;
    let connection = connected(&proxy).await;
    (proxy, connection)
}

async fn connected(proxy: &FaultProxy) -> TcpStream {
    let mut connection = TcpStream::connect(local(proxy.port())).await.unwrap();
    says(&mut connection, "hello").await;
    hears(&mut connection, "hello").await;
    connection
}

async fn says(connection: &mut TcpStream, text: &str) {
    connection.write_all(text.as_bytes()).await.unwrap();
}

async fn hears(connection: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    timeout(Duration::from_secs(20), connection.read_exact(&mut heard)).await.expect("in time").unwrap();
    assert_eq!(heard, text.as_bytes());
}

async fn hears_nothing(connection: &mut TcpStream) {
    let nothing = timeout(Duration::from_millis(200), connection.read(&mut [0; 8])).await;
    assert!(nothing.is_err(), "it heard {nothing:?}");
}

async fn ends(connection: &mut TcpStream) {
    let end = timeout(Duration::from_secs(20), connection.read(&mut [0; 8])).await.expect("in time");
    assert!(matches!(end, Ok(0) | Err(_)), "it heard {end:?}");
}

#[tokio::test]
async fn what_is_held_in_either_direction_comes_when_the_network_heals() {
    let (proxy, mut connection) = echo().await;
    for way in [Way::There, Way::Back, Way::Both] {
        proxy.flow(way, Flow::Held);
        says(&mut connection, "later").await;
        hears_nothing(&mut connection).await;
        proxy.mend();
        hears(&mut connection, "later").await;
    }
}

#[tokio::test]
async fn what_is_delayed_comes_late_and_what_is_slow_comes_slowly() {
    let (proxy, mut connection) = echo().await;
    for flow in [Flow::Delayed(Duration::from_millis(300)), Flow::Slow(20)] {
        proxy.flow(Way::There, flow);
        let began = Instant::now();
        says(&mut connection, "patience").await;
        hears(&mut connection, "patience").await;
        assert!(began.elapsed() >= Duration::from_millis(300), "after {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_cut_ends_connections_and_a_refusal_also_keeps_new_ones_away() {
    let (proxy, mut connection) = echo().await;
    proxy.cut();
    ends(&mut connection).await;
    let mut connection = connected(&proxy).await;
    proxy.refuse();
    ends(&mut connection).await;
    ends(&mut TcpStream::connect(local(proxy.port())).await.unwrap()).await;
    proxy.mend();
    connected(&proxy).await;
}

#[tokio::test]
async fn who_is_half_open_is_not_told() {
    let (proxy, mut connection) = echo().await;
    proxy.half_open();
    says(&mut connection, "anyone?").await;
    hears_nothing(&mut connection).await;
    connected(&proxy).await;
}

#[tokio::test]
async fn a_subscription_that_is_muted_hears_nothing_and_others_do() {
    let (proxy, mut other) = echo().await;
    let mut subscription = connected(&proxy).await;
    says(&mut subscription, "SUBSCRIBE").await;
    hears(&mut subscription, "SUBSCRIBE").await;
    proxy.mute_subscriptions();
    says(&mut subscription, "news?").await;
    hears_nothing(&mut subscription).await;
    says(&mut other, "news?").await;
    hears(&mut other, "news?").await;
}
