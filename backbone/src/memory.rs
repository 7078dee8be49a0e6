//! The embedded default: logs in this process.

#[cfg(feature = "faults")]
mod faults;
#[cfg(feature = "faults")]
pub use faults::{Faults, FaultyBackbone, Noticed, Pace, Taken};

mod log;
mod presence;
mod publishers;
mod shard;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tidewire_protocol::ChannelName;
use tokio::time::Instant;

use crate::outlet::Outlet;
use crate::{Answer, Appended, Arrivals, Backbone, BackboneError, Draft, PresenceStore, Retention};
use presence::Leases;
use shard::Shard;

/// A backbone whose logs live in this process and end with it: for one node, or for several of one process.
///
/// Idle logs are forgotten piece by piece whenever another channel of the same shard is used; no task runs.
pub struct MemoryBackbone {
    logs: Arc<Logs>,
    outlet: Arc<Outlet>,
}

/// What a [`MemoryBackbone`] may be told.
#[derive(Clone, Debug)]
pub struct MemoryConfig {
    /// How many arrivals wait for a node; what does not fit is announced by `Interrupted`.
    pub arrivals: usize,
    /// How long an idle log's newest position outlives its entries, so that who returns late is told `trimmed`
    /// by a log that goes on instead of meeting a new one.
    pub tips: Duration,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { arrivals: 16_384, tips: Duration::from_secs(24 * 3600) }
    }
}

struct Logs {
    config: MemoryConfig,
    hasher: RandomState,
    shards: [Mutex<Shard>; 16],
    leases: Mutex<Leases>,
}

impl MemoryBackbone {
    /// New logs, and the first node on them.
    pub fn new(config: MemoryConfig) -> (Self, Arrivals) {
        Self::on(Arc::new(Logs {
            config,
            hasher: RandomState::new(),
            shards: Default::default(),
            leases: Mutex::default(),
        }))
    }

    /// Another node on the same logs.
    pub fn another(&self) -> (Self, Arrivals) {
        Self::on(Arc::clone(&self.logs))
    }

    fn on(logs: Arc<Logs>) -> (Self, Arrivals) {
        let (outlet, arrivals) = Outlet::new(logs.config.arrivals);
        (Self { logs, outlet: Arc::new(outlet) }, arrivals)
    }

    fn shard(&self, channel: &ChannelName) -> MutexGuard<'_, Shard> {
        let hash = self.logs.hasher.hash_one(channel) as usize;
        let shard = &self.logs.shards[hash % self.logs.shards.len()];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Backbone for MemoryBackbone {
    fn publish(
        &self,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
    ) -> BoxFuture<'static, Result<Appended, BackboneError>> {
        let appended =
            self.shard(channel).publish(Instant::now(), channel, draft, retention, self.logs.config.tips);
        future::ready(Ok(appended)).boxed()
    }

    async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.shard(channel).listen(channel, &self.outlet);
        Ok(())
    }

    async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.shard(channel).unlisten(channel, &self.outlet);
        Ok(())
    }

    async fn read(&self, channel: &ChannelName, after: u64, limit: usize) -> Result<Answer, BackboneError> {
        Ok(self.shard(channel).read(Instant::now(), channel, after, limit, self.logs.config.tips))
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn presence(&self) -> Option<&dyn PresenceStore> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use tidewire_protocol::{Payload, PublisherId};

    use super::*;

    const RETENTION: Retention = Retention::Log {
        entries: 8,
        bytes: 1 << 20,
        age: Duration::from_secs(60),
        dedup: Duration::from_secs(600),
    };

    #[tokio::test(start_paused = true)]
    async fn an_idle_log_loses_its_entries_then_its_tip_and_takes_no_room_any_more() {
        let (backbone, _arrivals) =
            MemoryBackbone::new(MemoryConfig { tips: Duration::from_secs(3600), ..Default::default() });
        let channel: ChannelName = "news:today".parse().unwrap();
        backbone.publish(&channel, draft(1), RETENTION).await.unwrap();
        let tip = backbone.read(&channel, 0, 9).await.unwrap().tip;

        tokio::time::advance(Duration::from_secs(61)).await;
        let answer = backbone.read(&channel, 0, 9).await.unwrap();
        assert_eq!((answer.run.base, answer.run.entries.len(), answer.tip), (tip, 0, tip));

        tokio::time::advance(Duration::from_secs(3601)).await;
        for shard in &backbone.logs.shards {
            shard.lock().unwrap().forget_idle(Instant::now());
            assert!(shard.lock().unwrap().is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_in_use_outlives_every_deadline() {
        let (backbone, _arrivals) =
            MemoryBackbone::new(MemoryConfig { tips: Duration::from_secs(60), ..Default::default() });
        let channel: ChannelName = "news:today".parse().unwrap();
        for seq in 1..=100 {
            tokio::time::advance(Duration::from_secs(59)).await;
            backbone.publish(&channel, draft(seq), RETENTION).await.unwrap();
        }
        assert_eq!(backbone.read(&channel, 0, 99).await.unwrap().tip.offset, 100);
    }

    fn draft(seq: u64) -> Draft {
        Draft { publisher: PublisherId(7), seq, payload: Payload::Json("1".into()), user: None, force: false }
    }
}
