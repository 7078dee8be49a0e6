use std::collections::BTreeMap;
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
    /// Those whose clients want to be woken less often, by the moment at which they are due.
    later: BTreeMap<u64, Vec<Arc<Connection>>>,
}

impl Batch {
    /// Queues a delivery, if there is room.
    pub(crate) fn offer(&mut self, connection: &Arc<Connection>, frame: &Bytes) -> Offered {
        let (offered, is_asked) = connection.outbox.offer_batched(frame);
        if is_asked {
            self.connections.push(connection.clone());
        }
        offered
    }

    /// How many are to be written now.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// When to write again, in the node's time, though nothing more is queued.
    pub(crate) fn due(&self) -> Option<u64> {
        self.later.first_key_value().map(|(&due, _)| due)
    }

    /// Writes, at this moment of the node's time. Others have their turn in between, so that a large channel does not
    /// hold up the small ones.
    pub(crate) async fn write(&mut self, now: u64) {
        while let Some(first) = self.later.first_entry().filter(|first| *first.key() <= now) {
            self.connections.append(&mut first.remove());
        }
        while let Some(connection) = self.connections.pop() {
            if let Some(due) = connection.flush(now) {
                self.later.entry(due).or_default().push(connection);
            }
            consume_budget().await;
        }
    }
}

impl Drop for Batch {
    /// What was not written is left to the connections' tasks.
    fn drop(&mut self) {
        for connection in
            self.connections.drain(..).chain(std::mem::take(&mut self.later).into_values().flatten())
        {
            connection.outbox.hand_over();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use tidewire_protocol::Codec;

    use super::*;
    use crate::Credentials;
    use crate::clock::Clock;
    use crate::connection::ConnectionId;
    use crate::outbox::Outbox;
    use crate::socket::halves;

    #[tokio::test]
    async fn without_a_wish_all_is_written_at_once() {
        let mut batch = Batch::default();
        batch.offer(&connection(0), &frame(1));
        batch.write(1).await;
        assert_eq!((batch.len(), batch.due()), (0, None));
    }

    #[tokio::test]
    async fn the_first_goes_at_once_and_those_after_it_together() {
        let connection = connection(8);
        let mut batch = Batch::default();
        batch.offer(&connection, &frame(1));
        batch.write(100).await;
        assert_eq!(batch.due(), None);
        for at in 101..108 {
            batch.offer(&connection, &frame(1));
            batch.write(at).await;
            assert_eq!((batch.len(), batch.due()), (0, Some(108)));
        }
        batch.write(108).await;
        assert_eq!(batch.due(), None);
        batch.offer(&connection, &frame(1));
        batch.write(109).await;
        assert_eq!(batch.due(), Some(116));
    }

    #[tokio::test]
    async fn a_whole_message_does_not_wait() {
        let (connection, mut batch) = one_that_waits().await;
        assert_eq!(written_at(&connection), 100);
        batch.offer(&connection, &frame(16 << 10));
        batch.write(102).await;
        assert_eq!(written_at(&connection), 102);
    }

    #[tokio::test]
    async fn who_wants_it_no_more_does_not_wait_for_what_was_wanted() {
        let (connection, mut batch) = one_that_waits().await;
        connection.coalesce(0);
        batch.offer(&connection, &frame(1));
        batch.write(102).await;
        assert_eq!(written_at(&connection), 102);
    }

    /// Of two deliveries, the first was written at 100, and the one of 101 waits until 108.
    async fn one_that_waits() -> (Arc<Connection>, Batch) {
        let connection = connection(8);
        let mut batch = Batch::default();
        for at in [100, 101] {
            batch.offer(&connection, &frame(1));
            batch.write(at).await;
        }
        (connection, batch)
    }

    /// When something was written last.
    fn written_at(connection: &Connection) -> u64 {
        connection.activity.said.load(Ordering::Relaxed)
    }

    /// One whose client said `coalesce`.
    fn connection(every_ms: u32) -> Arc<Connection> {
        let (_, writes) = halves(tokio::io::empty());
        let outbox = Outbox::new(1 << 20, Codec::Binary, writes);
        let (id, door) = (ConnectionId(1), Credentials::default());
        let connection = Arc::new(Connection::new(id, outbox, Clock::start(), door, None));
        connection.coalesce(every_ms);
        connection
    }

    fn frame(bytes: usize) -> Bytes {
        vec![0; bytes].into()
    }
}
