use std::sync::Arc;

use async_trait::async_trait;
use tidewire_backbone::contract::Cluster;
use tidewire_backbone::{Arrivals, Backbone, MemoryBackbone, MemoryConfig};

tidewire_backbone::backbone_contract!(MemoryCluster::new());
tidewire_backbone::presence_contract!(MemoryCluster::new());

/// Nodes on the logs of one process.
struct MemoryCluster {
    first: MemoryBackbone,
}

impl MemoryCluster {
    fn new() -> Self {
        let (first, _) = MemoryBackbone::new(MemoryConfig::default());
        Self { first }
    }
}

#[async_trait]
impl Cluster for MemoryCluster {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let (node, arrivals) = self.first.another();
        (Arc::new(node), arrivals)
    }
}
