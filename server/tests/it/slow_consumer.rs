//! Who reads slowly costs the node no memory and the others no time, and loses nothing in silence.

use serde_json::json;
use tidewire_backbone::Retention;

use crate::harness::{TestNode, node_with, settings};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn within_the_retention_it_gets_everything_in_order() {
    let node = node_keeping(10_000).await;
    let mut slow = node.connect(1).await;
    slow.subscribes(CHANNEL).await;
    let mut quick = node.connect(2).await;
    quick.subscribes(CHANNEL).await;
    // More than the sockets' buffers and the outbox hold, and more than the ring.
    let count = publish_20_mb(&node, &mut quick).await;
    for number in 0..count {
        assert_eq!(slow.hears("publication").await["data"]["number"], number);
    }
    node.publishes(CHANNEL, json!({"number": count})).await;
    assert_eq!(slow.hears("publication").await["data"]["number"], count);
}

#[tokio::test]
async fn beyond_the_retention_it_is_told_so() {
    let node = node_keeping(50).await;
    let mut slow = node.connect(1).await;
    slow.subscribes(CHANNEL).await;
    let mut quick = node.connect(2).await;
    quick.subscribes(CHANNEL).await;
    let count = publish_20_mb(&node, &mut quick).await;
    let mut expected = 0;
    let reset = loop {
        let mut frame = slow.next().await;
        match frame.get_mut("publication") {
            Some(publication) => assert_eq!(publication["data"]["number"], expected),
            None => break frame["reset"].take(),
        }
        expected += 1;
    };
    assert!(expected < count, "{expected} of {count} came");
    assert_eq!(reset["reason"], "trimmed");
    node.publishes(CHANNEL, json!({"number": count})).await;
    let after = slow.hears("publication").await;
    assert_eq!(after["data"]["number"], count);
}

async fn node_keeping(entries: u32) -> TestNode {
    let mut settings = settings();
    let minute = std::time::Duration::from_secs(60);
    let retention = Retention::Log { entries, bytes: 1 << 30, age: minute, dedup: 10 * minute };
    settings.namespaces.others.as_mut().unwrap().retention = retention;
    node_with(settings, tidewire_server::AllowAll).await
}

/// Publishes as fast as one subscriber reads; answers how many.
async fn publish_20_mb(node: &TestNode, reader: &mut crate::harness::Client) -> u64 {
    let filling = "x".repeat(20_000);
    for number in 0..1000 {
        node.publishes(CHANNEL, json!({"number": number, "filling": filling})).await;
        assert_eq!(reader.hears("publication").await["data"]["number"], number);
    }
    1000
}
