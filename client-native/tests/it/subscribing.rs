use std::time::Duration;

use tidewire_client::{Client, ClientOptions, SubscribeOptions, SubscriptionEvent};
use tokio::time::timeout;

use crate::server::{Server, read, text};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_later_subscription_of_a_channel_gets_what_it_asked_for_from_before() {
    let server = Server::start().await;
    let client = server.client();
    let lobby = "chat:lobby".parse().unwrap();
    let mut first = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    client.publish(&lobby, text(1)).await.unwrap();
    client.publish(&lobby, text(2)).await.unwrap();
    read(&mut first, 2).await;
    let mut second = client.subscribe(&lobby, SubscribeOptions { last: 9, since: None }).await.unwrap();
    client.publish(&lobby, text(3)).await.unwrap();
    assert_eq!(read(&mut second, 3).await, [text(1), text(2), text(3)]);
    assert_eq!(read(&mut first, 1).await, [text(3)]);
}

#[tokio::test]
async fn dropping_a_subscription_ends_it_on_the_server() {
    let server = Server::start().await;
    let client = server.client();
    let lobby = "chat:lobby".parse().unwrap();
    let mut subscription = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    subscription.next_event().await.unwrap();
    drop(subscription);
    client.history(&lobby, None, 0).await.unwrap();
    assert_eq!(server.unsubscribes(), 1);
}

#[tokio::test]
async fn an_application_that_does_not_read_is_told_what_it_lost() {
    let server = Server::start().await;
    let mut options = ClientOptions::new(&server.url).unwrap();
    options.events = 4;
    let client = Client::connect(options);
    let lobby = "chat:lobby".parse().unwrap();
    let mut subscription = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    for number in 0..50 {
        client.publish(&lobby, text(number)).await.unwrap();
    }
    let (mut seen, mut lost) = (0, 0);
    while seen + lost < 50 {
        match timeout(PATIENCE, subscription.next_event()).await.unwrap().unwrap() {
            SubscriptionEvent::Publications { publications, .. } => seen += publications.len() as u64,
            // Each event that was dropped here was of one publication, because each was awaited.
            SubscriptionEvent::Overflow { events } => lost += events,
            SubscriptionEvent::Subscribed { .. } => {}
            other => panic!("not expected: {other:?}"),
        }
    }
    assert_eq!((seen, lost), (3, 47));
}
