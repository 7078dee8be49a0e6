use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use tidewire_backbone::{Answer, Appended, Backbone, BackboneError, Draft, Retention};
use tidewire_protocol::ChannelName;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Limits;
use crate::clock::Clock;
use crate::healing::Tally;
use crate::presence::Register;
use crate::switches::Switches;
use crate::tunnel::Tunnels;

/// What a node's channels need of their node: the backbone, and tasks that end with it.
pub(crate) struct Scope {
    pub(crate) backbone: Arc<dyn Backbone>,
    pub(crate) limits: Limits,
    pub(crate) patience: Duration,
    /// How long what is acknowledged may still get lost, in milliseconds.
    pub(crate) settle: u64,
    pub(crate) switches: Switches,
    pub(crate) clock: Clock,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Verifications at one time.
    pub(crate) sweeps: Semaphore,
    /// What was healed and is still to be told.
    pub(crate) tally: Tally,
    /// Who is in the channels.
    pub(crate) register: Register,
    /// How often the backbone said that news may have been missed.
    pub(crate) interruptions: AtomicU64,
    /// Connections without a WebSocket.
    pub(crate) tunnels: Arc<Tunnels>,
}

impl Scope {
    /// Hands a publication to the backbone, which gives it its place in line before this returns.
    pub(crate) fn publish(
        &self,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
    ) -> BoxFuture<'static, Result<Appended, BackboneError>> {
        let switches = self.switches;
        self.backbone
            .publish(channel, switches.going(draft), retention)
            .map_ok(move |it| switches.gone(it))
            .boxed()
    }

    /// Reads at most `limit` entries of a log after an offset.
    pub(crate) async fn read(
        &self,
        channel: &ChannelName,
        after: u64,
        limit: usize,
    ) -> Result<Answer, BackboneError> {
        Ok(self.switches.answer(self.backbone.read(channel, after, limit).await?))
    }

    /// A mark in time: what the backbone was asked before the next one may have been answered by another server.
    pub(crate) fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::Acquire)
    }

    /// The backbone says that news may have been missed.
    pub(crate) fn is_interrupted(&self) {
        self.interruptions.fetch_add(1, Ordering::Release);
    }

    /// Waits for the backbone, but not for ever.
    pub(crate) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, BackboneError>>,
    ) -> Result<T, BackboneError> {
        tokio::time::timeout(self.patience, answer)
            .await
            .unwrap_or_else(|_| Err(BackboneError::Unavailable("no answer in time".to_owned())))
    }
}
