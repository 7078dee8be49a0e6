//! How a node goes away without anyone noticing.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidewire_protocol::CloseCode;
use tokio::sync::watch;

use crate::moving::{Why, ask};
use crate::node::Inner;
use crate::{Closing, Drain};

/// How far a node is on its way out. There is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It takes connections.
    Serving,
    /// It takes none, and its clients are moving elsewhere.
    Draining,
    /// No client is left. It still answers, until it is stopped.
    Drained,
}

/// A node is on its way out already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node is draining already")]
pub struct AlreadyDraining;

/// Where a node stands on its way out, for those who ask and those who wait.
pub(crate) struct Departure(watch::Sender<(Stage, Drain)>);

impl Departure {
    pub(crate) fn new(drain: Drain) -> Self {
        Self(watch::Sender::new((Stage::Serving, drain)))
    }

    pub(crate) fn stage(&self) -> Stage {
        self.0.borrow().0
    }

    /// What clients are told that come too late to have been told with all others.
    pub(crate) fn under_way(&self) -> Option<Drain> {
        let (stage, drain) = *self.0.borrow();
        (stage != Stage::Serving).then_some(drain)
    }

    /// Waits until the node is on its way out.
    pub(crate) async fn begins(&self) {
        let _ = self.0.subscribe().wait_for(|(stage, _)| *stage != Stage::Serving).await;
    }

    async fn is_over(&self) {
        // Its sender is here: it cannot be gone.
        let _ = self.0.subscribe().wait_for(|(stage, _)| *stage == Stage::Drained).await;
    }
}

/// Begins to move all clients elsewhere, in a task of the node.
pub(crate) fn begin(node: &Arc<Inner>, drain: Drain) -> Result<(), AlreadyDraining> {
    let first = node.departure.0.send_if_modified(|state| {
        let first = state.0 == Stage::Serving;
        if first {
            *state = (Stage::Draining, drain);
        }
        first
    });
    if !first {
        return Err(AlreadyDraining);
    }
    let leaving = node.clone();
    node.scope.tasks.spawn(async move {
        leave(&leaving, drain).await;
        leaving.departure.0.send_modify(|state| state.0 = Stage::Drained);
    });
    Ok(())
}

/// Moves all clients elsewhere, if that has not begun already, and ends the node's tasks.
pub(crate) async fn drain(node: &Arc<Inner>, drain: Drain) {
    // Whoever began it, it ends in the same way.
    let _ = begin(node, drain);
    node.departure.is_over().await;
    node.scope.stop.cancel();
    node.scope.tasks.close();
    if tokio::time::timeout(LAST, node.scope.tasks.wait()).await.is_err() {
        tracing::warn!("some tasks would not end");
    }
}

/// Asks all clients to go elsewhere, and closes who is left in the end.
async fn leave(node: &Inner, drain: Drain) {
    tracing::info!(connections = node.connections.count(), "going away");
    let greeted = node.connections.all().filter(|connection| connection.is_greeted());
    for (index, connection) in greeted.enumerate() {
        ask(&connection, drain, Why::Drain);
        if index % AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
    }
    node.links.close();
    if tokio::time::timeout(drain.within, node.links.wait()).await.is_err() {
        close_who_is_left(node, drain.within).await;
        // Longer than any goodbye.
        if tokio::time::timeout(LAST, node.links.wait()).await.is_err() {
            tracing::warn!(connections = node.connections.count(), "some connections would not end");
        }
    }
    tracing::info!("no connections are left");
}

/// Closes a batch at a time, so that those who come back do not meet the other nodes at one moment.
async fn close_who_is_left(node: &Inner, at_most: Duration) {
    let left: Vec<_> = node.connections.all().collect();
    tracing::info!(connections = left.len(), "closing who is left");
    let batches = u32::try_from(left.len().div_ceil(BATCH)).unwrap_or(u32::MAX);
    let pause = PAUSE.min(at_most / batches.max(1));
    for (index, batch) in left.chunks(BATCH).enumerate() {
        if index > 0 {
            tokio::time::sleep(pause).await;
        }
        for connection in batch {
            connection.outbox.close(Closing::new(CloseCode::GoingAway, "this node has gone away"));
        }
    }
}

/// A node with very many clients serves them between the words.
const AT_ONCE: usize = 1024;
/// Together 5,000 a second, as many as a node that takes them over greets without effort.
const BATCH: usize = 50;
const PAUSE: Duration = Duration::from_millis(10);
const LAST: Duration = Duration::from_secs(5);
