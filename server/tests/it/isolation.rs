//! What goes wrong in one connection ends that connection alone.

use async_trait::async_trait;
use tidewire_protocol::ChannelName;
use tidewire_server::{Closing, Credentials, Identity, Policy, Refusal};

use crate::harness::{node_with, settings};

/// Panics at `trap:…`, at once or after a while.
pub(crate) struct Trapped;

#[async_trait]
impl Policy for Trapped {
    async fn connect(&self, _: Credentials) -> Result<Identity, Closing> {
        Ok(Identity::anonymous())
    }

    async fn refresh(&self, identity: &Identity, _: Credentials) -> Result<Identity, Closing> {
        Ok(identity.clone())
    }

    async fn subscribe(&self, _: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        if channel.as_str() == "trap:later" {
            tokio::task::yield_now().await;
        }
        assert_ne!(channel.namespace(), "trap", "on purpose");
        Ok(())
    }

    async fn publish(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        self.subscribe(identity, channel).await
    }
}

#[tokio::test]
async fn a_panic_ends_its_connection_alone() {
    let node = node_with(settings(), Trapped).await;
    let mut ada = node.connect(1).await;
    ada.subscribes("chat:lobby").await;
    for request in [
        serde_json::json!({"subscribe": {"id": 1, "channel": "trap:now"}}),
        serde_json::json!({"history": {"id": 1, "channel": "trap:later"}}),
        crate::harness::publish("trap:later", 1, "boom"),
    ] {
        let mut eve = node.connect(2).await;
        eve.subscribes("chat:lobby").await;
        assert_eq!(node.node.occupancy(&"chat:lobby".parse().unwrap()), 2);
        eve.say(request).await;
        assert_eq!(eve.hears_close().await.0, 4004);
        assert_eq!(node.node.occupancy(&"chat:lobby".parse().unwrap()), 1);
    }
    node.publishes("chat:lobby", "still here").await;
    assert_eq!(ada.hears_publications(1).await, ["still here"]);
}
