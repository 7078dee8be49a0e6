//! How a node goes away without anyone noticing.

use std::time::Duration;

use tidewire_protocol::{CloseCode, GoingAway, ServerFrame};

use crate::Closing;
use crate::node::Inner;

/// Tells all clients to go elsewhere, closes who is left after `within`, and ends the node's tasks.
pub(crate) async fn drain(node: &Inner, within: Duration, spread: Duration) {
    node.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    tracing::info!(connections = node.connections.count(), "going away");
    let [within_ms, spread_ms] =
        [within, spread].map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
    for connection in node.connections.all() {
        connection.say(&ServerFrame::GoingAway(GoingAway { within_ms, spread_ms }));
    }
    node.links.close();
    if tokio::time::timeout(within, node.links.wait()).await.is_err() {
        let left: Vec<_> = node.connections.all().collect();
        tracing::info!(connections = left.len(), "closing who is left");
        let pause = STAGGER / u32::try_from(left.len()).unwrap_or(u32::MAX).max(1) * BATCH as u32;
        for batch in left.chunks(BATCH) {
            for connection in batch {
                connection.outbox.close(Closing::new(CloseCode::GoingAway, "this node has gone away"));
            }
            tokio::time::sleep(pause.min(STAGGER)).await;
        }
        // Longer than any goodbye.
        if tokio::time::timeout(LAST, node.links.wait()).await.is_err() {
            tracing::warn!(connections = node.connections.count(), "some connections would not end");
        }
    }
    node.scope.stop.cancel();
    node.scope.tasks.close();
    if tokio::time::timeout(LAST, node.scope.tasks.wait()).await.is_err() {
        tracing::warn!("some tasks would not end");
    }
}

/// Over how long the last connections are closed.
const STAGGER: Duration = Duration::from_secs(2);
const BATCH: usize = 64;
const LAST: Duration = Duration::from_secs(5);
