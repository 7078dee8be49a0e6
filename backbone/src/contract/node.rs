use std::sync::Arc;

use tidewire_protocol::{ChannelName, Position};

use super::{Cluster, PATIENCE};
use crate::{Answer, Appended, Arrival, Arrivals, Backbone, Draft, Entry, Retention};

/// One node of a cluster under test: what a promise does and sees.
pub struct Node {
    /// Its end of the backbone.
    pub backbone: Arc<dyn Backbone>,
    arrivals: Arrivals,
}

impl Node {
    /// Another node of the cluster.
    pub async fn of(cluster: &dyn Cluster) -> Self {
        let (backbone, arrivals) = cluster.node().await;
        Self { backbone, arrivals }
    }

    /// Another node, that listens.
    pub async fn listening_to(cluster: &dyn Cluster, channel: &ChannelName) -> Self {
        let node = Self::of(cluster).await;
        node.listen(channel).await;
        node
    }

    /// Listens; must succeed.
    pub async fn listen(&self, channel: &ChannelName) {
        self.backbone.listen(channel).await.expect("listening works");
    }

    /// Publishes, and waits for what became of it.
    pub async fn publish(&self, channel: &ChannelName, draft: Draft, retention: Retention) -> Appended {
        self.backbone.publish(channel, draft, retention).await.expect("publishing works")
    }

    /// Publishes what must be accepted, and says where it is.
    pub async fn append(&self, channel: &ChannelName, draft: Draft, retention: Retention) -> Position {
        match self.publish(channel, draft, retention).await {
            Appended::Accepted { position: Some(position), .. } => position,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Reads all that is retained after an offset.
    pub async fn read(&self, channel: &ChannelName, after: u64) -> Answer {
        self.read_some(channel, after, 100_000).await
    }

    /// Reads at most so many.
    pub async fn read_some(&self, channel: &ChannelName, after: u64, limit: usize) -> Answer {
        self.backbone.read(channel, after, limit).await.expect("reading works")
    }

    /// Reads until the answer is as wished: some things happen in their own time.
    pub async fn read_until(&self, channel: &ChannelName, is_so: impl Fn(&Answer) -> bool) -> Answer {
        let mut answer = self.read(channel, 0).await;
        let looking = async {
            while !is_so(&answer) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                answer = self.read(channel, 0).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, looking).await.is_ok();
        assert!(in_time, "still {answer:?}");
        answer
    }

    /// The next arrival, of whatever kind.
    pub async fn arrival(&mut self) -> Arrival {
        tokio::time::timeout(PATIENCE, self.arrivals.recv())
            .await
            .expect("something arrives in time")
            .expect("the arrivals go on")
    }

    /// The next arrival, which must be an entry.
    pub async fn entry(&mut self) -> (ChannelName, Entry) {
        match self.arrival().await {
            Arrival::Published(channel, entry) => (channel, entry),
            other => panic!("not an entry: {other:?}"),
        }
    }

    /// The next arrivals, which must be entries of this channel.
    pub async fn entries(&mut self, channel: &ChannelName, count: usize) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(count);
        while entries.len() < count {
            let (of, entry) = self.entry().await;
            assert_eq!(&of, channel);
            entries.push(entry);
        }
        entries
    }
}
