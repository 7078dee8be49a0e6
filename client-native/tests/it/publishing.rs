use tidewire_client::SubscribeOptions;

use crate::server::{Server, read, text};

#[tokio::test]
async fn what_is_published_reaches_subscribers_in_order() {
    let server = Server::start().await;
    let client = server.client();
    let lobby = "chat:lobby".parse().unwrap();
    let mut subscription = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    let mut receipts = Vec::new();
    for number in 0..500 {
        receipts.push(client.publish_later(&lobby, text(number)).await.unwrap());
    }
    for receipt in receipts {
        receipt.await.unwrap();
    }
    assert_eq!(read(&mut subscription, 500).await, (0..500).map(text).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connection_that_is_cut_before_the_answers_makes_no_second_copies() {
    let server = Server::start().await;
    let client = server.client();
    let lobby = "chat:lobby".parse().unwrap();
    let mut receipts = Vec::new();
    for number in 0..300 {
        if number % 100 == 0 {
            server.cut_after(37);
        }
        receipts.push(client.publish_later(&lobby, text(number)).await.unwrap());
    }
    for receipt in receipts {
        receipt.await.unwrap();
    }
    assert_eq!(server.payloads(), (0..300).map(text).collect::<Vec<_>>());
}

#[tokio::test]
async fn history_is_answered() {
    let server = Server::start().await;
    let client = server.client();
    let lobby = "chat:lobby".parse().unwrap();
    client.publish(&lobby, text(1)).await.unwrap();
    let page = client.history(&lobby, None, 10).await.unwrap();
    assert_eq!(page.publications.len(), 1);
}
