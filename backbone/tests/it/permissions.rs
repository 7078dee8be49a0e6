use std::sync::Arc;

use async_trait::async_trait;
use tidewire_backbone::contract::Cluster;
use tidewire_backbone::{Arrivals, Backbone, RedisBackbone};
use tidewire_test_redis::{Sentinels, Server, Settings, Topology};

use crate::redis::config;
use crate::starting::says;

tidewire_backbone::backbone_contract!(Guarded::start());

/// Nodes that may no more than the documentation says.
struct Guarded(Server);

impl Guarded {
    fn start() -> Self {
        Self(Server::with(Settings::default().set("user", "default off").user(rule(0))))
    }
}

#[async_trait]
impl Cluster for Guarded {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let address = format!("redis://tidewire:PASSWORD@127.0.0.1:{}", self.0.port());
        let (node, arrivals) = RedisBackbone::connect(config(address)).await.unwrap();
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_need_no_more_than_the_documentation_says() {
    let data = Settings::default().set("user", "default off").user(rule(0));
    let sentinels = Sentinels::with(1, data, Settings::default().user(rule(1)));
    let address = sentinels.url().replace("://", "://tidewire:PASSWORD@");
    let login = "sentinel_user=tidewire&sentinel_password=PASSWORD";
    assert_eq!(says(format!("{address}?{login}")).await, None);
}

/// One of the rules of the documentation, as it is there.
fn rule(number: usize) -> &'static str {
    let rules = include_str!("../../../docs/operations.md").lines().map(|line| line.strip_prefix("user "));
    rules.flatten().filter(|rule| rule.starts_with("tidewire on")).nth(number).unwrap()
}
