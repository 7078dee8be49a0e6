use tidewire_client::{
    Client, ClientOptions, Closed, End, Payload, PublishError, Refusal, Status, SubscribeOptions,
    Subscription,
};
use tidewire_protocol::ChannelName;

use crate::server::{Server, text};

#[tokio::test]
async fn closing_ends_everything_that_waits() {
    let server = Server::start().await;
    let client = server.client();
    let mut subscription = subscribed(&client).await;
    client.close().await;
    assert_eq!(subscription.next_event().await, None);
    assert_eq!(client.publish(&lobby(), text(1)).await, Err(PublishError::Closed(Closed)));
    assert_eq!(*client.status().borrow(), Status::Ended { why: End::Application });
}

#[tokio::test]
async fn what_was_never_sent_is_refused_when_the_client_closes() {
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", nowhere.local_addr().unwrap());
    let client = Client::connect(ClientOptions::new(&url).unwrap());
    let receipt = client.publish_later(&lobby(), Payload::Binary("x".into())).await.unwrap();
    client.close().await;
    assert_eq!(receipt.await, Err(PublishError::Refused(Refusal::Ended)));
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_task() {
    let server = Server::start().await;
    let client = server.client();
    let mut subscription = subscribed(&client).await;
    drop(client);
    assert_eq!(subscription.next_event().await, None);
}

async fn subscribed(client: &Client) -> Subscription {
    client.live().await.unwrap();
    let mut subscription = client.subscribe(&lobby(), SubscribeOptions::default()).await.unwrap();
    subscription.next_event().await.unwrap();
    subscription
}

fn lobby() -> ChannelName {
    "chat:lobby".parse().unwrap()
}
