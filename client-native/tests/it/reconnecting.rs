use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidewire_client::{Client, ClientOptions, SubscribeOptions, TokenSource};

use crate::server::{Server, read, text};

#[tokio::test]
async fn after_a_cut_it_goes_on_where_it_was() {
    let server = Server::start().await;
    let lobby = "chat:lobby".parse().unwrap();
    let publisher = server.client();
    let subscriber = server.client();
    let mut subscription = subscriber.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    subscription.next_event().await.unwrap();
    for number in 0..60 {
        if number % 20 == 7 {
            server.cut();
        }
        publisher.publish(&lobby, text(number)).await.unwrap();
    }
    assert_eq!(read(&mut subscription, 60).await, (0..60).map(text).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_attempt_goes_to_the_next_node() {
    let server = Server::start().await;
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("ws://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    let client = Client::connect(ClientOptions::with_nodes(&[&dead, &server.url]).unwrap());
    client.live().await.unwrap();
}

#[tokio::test]
async fn tokens_come_from_the_application() {
    let server = Server::start().await;
    let fetched = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&fetched);
    let mut options = ClientOptions::new(&server.url).unwrap();
    options.token = TokenSource::fetched(move || {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        async move { Ok(format!("token {number}")) }
    });
    let client = Client::connect(options);
    client.live().await.unwrap();
    assert_eq!(server.tokens(), [Some("token 0".to_owned())]);
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
}
