use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use async_trait::async_trait;
use tidewire_backbone::{Arrivals, Backbone, RedisBackbone, RedisConfig, contract};
use tidewire_test_redis::Topology;
use tokio::task::block_in_place;

use crate::redis::config;

/// Nodes on servers that take long to start, and that all tests of the contract share: each test has keys of its own.
pub(crate) struct Undisturbed<T> {
    topology: Arc<T>,
    prefix: String,
}

impl<T> Undisturbed<T> {
    /// On what is in `shared`, while anybody uses it; else on what `start` starts.
    pub(crate) fn on(shared: &Mutex<Weak<T>>, start: fn() -> T) -> Self {
        static TESTS: AtomicU64 = AtomicU64::new(0);
        let topology = block_in_place(|| {
            let mut shared = shared.lock().unwrap();
            shared.upgrade().unwrap_or_else(|| {
                let topology = Arc::new(start());
                *shared = Arc::downgrade(&topology);
                topology
            })
        });
        Self { topology, prefix: format!("test-{}:", TESTS.fetch_add(1, Ordering::Relaxed)) }
    }
}

#[async_trait]
impl<T: Topology + Send + Sync> contract::Cluster for Undisturbed<T> {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let config = RedisConfig { prefix: self.prefix.clone(), ..config(self.topology.url()) };
        let (node, arrivals) = RedisBackbone::connect(config).await.unwrap();
        assert!(node.is_ready());
        (Arc::new(node), arrivals)
    }
}
