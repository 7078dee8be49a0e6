//! How fast one client publishes to itself through a server: `cargo run --release --example throughput -- URL COUNT`.

#![allow(clippy::print_stdout, reason = "this is what it is for")]

use std::error::Error;
use std::time::Instant;

use tidewire_client::{Client, ClientOptions, Payload, SubscribeOptions, SubscriptionEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:7800".into());
    let count: usize = arguments.next().map_or(Ok(10_000), |count| count.parse())?;

    let client = Client::connect(ClientOptions::new(&url)?);
    let channel = "chat:throughput".parse()?;
    let mut subscription = client.subscribe(&channel, SubscribeOptions::default()).await?;
    subscription.next_event().await;

    let start = Instant::now();
    let publisher = client.clone();
    let publishing = tokio::spawn(async move {
        let mut receipts = Vec::with_capacity(count);
        for number in 0..count {
            let payload = Payload::Json(number.to_string().into_bytes().into());
            receipts.push(publisher.publish_later(&channel, payload).await?);
            if receipts.len() == 1_000 {
                for receipt in receipts.drain(..) {
                    receipt.await?;
                }
            }
        }
        for receipt in receipts {
            receipt.await?;
        }
        Ok::<_, tidewire_client::PublishError>(start.elapsed())
    });
    let mut seen = 0;
    while seen < count {
        match subscription.next_event().await {
            Some(SubscriptionEvent::Publications { publications, .. }) => seen += publications.len(),
            Some(other) => println!("{other:?}"),
            None => break,
        }
    }
    println!("published {count} in {:?}, saw {seen} in {:?}", publishing.await??, start.elapsed());
    client.close().await;
    Ok(())
}
