use std::sync::Arc;
use std::time::Duration;

use tidewire_backbone::{Backbone, BackboneError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Limits;

/// What a node's channels need of their node: the backbone, and tasks that end with it.
pub(crate) struct Scope {
    pub(crate) backbone: Arc<dyn Backbone>,
    pub(crate) limits: Limits,
    pub(crate) patience: Duration,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Verifications at one time.
    pub(crate) sweeps: Semaphore,
}

impl Scope {
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
