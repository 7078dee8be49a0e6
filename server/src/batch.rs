use std::sync::Arc;

use bytes::Bytes;
use tokio::task::coop::consume_budget;

use crate::connection::Connection;
use crate::outbox::Offered;

/// Connections for which something was queued, to be written when all is queued: one write for each, and nobody is
/// woken for it.
#[derive(Default)]
pub(crate) struct Batch {
    connections: Vec<Arc<Connection>>,
}

impl Batch {
    /// Queues a delivery, if there is room.
    pub(crate) fn offer(&mut self, connection: &Arc<Connection>, frame: &Bytes) -> Offered {
        let (offered, is_first) = connection.outbox.offer_batched(frame);
        if is_first {
            self.connections.push(connection.clone());
        }
        offered
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Writes, at this moment of the node's time. Others have their turn in between, so that a large channel does not hold up the small ones.
    pub(crate) async fn write(&mut self, now: u64) {
        while let Some(connection) = self.connections.pop() {
            connection.flush(now);
            consume_budget().await;
        }
    }
}

impl Drop for Batch {
    /// What was not written is left to the connections' tasks.
    fn drop(&mut self) {
        for connection in self.connections.drain(..) {
            connection.outbox.hand_over();
        }
    }
}
