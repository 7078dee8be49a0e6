use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tidewire_backbone::Retention;
use tidewire_protocol::{Alias, ChannelName};

use crate::channel::Channel;
use crate::healing::Healings;
use crate::scope::Scope;

/// A node's channels, in shards, so that those of one do not wait for those of another.
pub(crate) struct Hub {
    shards: Box<[Shard]>,
    /// What is settling, also of channels without subscribers.
    pub(crate) healings: Healings,
    hasher: RandomState,
    last_alias: AtomicU32,
    pub(crate) scope: Arc<Scope>,
}

type Shard = Mutex<HashMap<ChannelName, Arc<Channel>>>;

impl Hub {
    pub(crate) fn new(shards: usize, scope: Arc<Scope>) -> Self {
        let healings = Healings::new(shards, scope.clone());
        let shards = (0..shards.max(1)).map(|_| Mutex::default()).collect();
        Self { shards, healings, hasher: RandomState::new(), last_alias: AtomicU32::new(0), scope }
    }

    /// How many shards there are.
    pub(crate) fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Which shard a channel belongs to.
    pub(crate) fn shard_of(&self, name: &ChannelName) -> usize {
        self.hasher.hash_one(name) as usize % self.shards.len()
    }

    /// A channel that somebody here is or recently was subscribed to.
    pub(crate) fn find(&self, name: &ChannelName) -> Option<Arc<Channel>> {
        self.find_in(self.shard_of(name), name)
    }

    /// The same for who knows the channel's shard already.
    pub(crate) fn find_in(&self, shard: usize, name: &ChannelName) -> Option<Arc<Channel>> {
        self.shards[shard].lock().get(name).cloned()
    }

    /// A channel that somebody is about to join.
    pub(crate) fn occupy(&self, name: &ChannelName, retention: Retention, now: u64) -> Arc<Channel> {
        let mut shard = self.shards[self.shard_of(name)].lock();
        let channel = shard.entry(name.clone()).or_insert_with(|| {
            let alias = Alias(self.last_alias.fetch_add(1, Ordering::Relaxed) + 1);
            Arc::new(Channel::new(name.clone(), alias, self.healings.of(name, retention), self.scope.clone()))
        });
        channel.touch(now);
        channel.clone()
    }

    /// The channels of one shard at this moment.
    pub(crate) fn in_shard(&self, shard: usize) -> Vec<Arc<Channel>> {
        self.shards[shard].lock().values().cloned().collect()
    }

    /// News may have been missed of all channels of a shard: verifies those with rings, and finds out of the
    /// others whether their logs still have what is settling.
    pub(crate) fn interrupt(&self, shard: usize) {
        let mut channels = self.in_shard(shard);
        channels.sort_unstable_by_key(|channel| channel.alias.0);
        for channel in channels {
            channel.interrupt();
        }
        let mut healings = self.healings.in_shard(shard);
        healings.sort_unstable_by(|one, other| one.name().cmp(other.name()));
        for healing in healings {
            if !self.find(healing.name()).is_some_and(|channel| channel.has_ring()) {
                healing.sweep();
            }
        }
    }

    /// The same of one channel.
    pub(crate) fn interrupt_one(&self, name: &ChannelName) {
        let channel = self.find(name);
        if let Some(channel) = &channel {
            channel.interrupt();
        }
        if !channel.is_some_and(|channel| channel.has_ring())
            && let Some(healing) = self.healings.find(name)
        {
            healing.sweep();
        }
    }

    /// How many channels there are.
    pub(crate) fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Stops listening to the channels that have had no subscriber since `before`.
    pub(crate) fn leave_deserted(self: &Arc<Self>, before: u64) {
        for channel in (0..self.shards()).flat_map(|shard| self.in_shard(shard)) {
            if channel.leave_if_deserted(before) {
                let hub = self.clone();
                self.scope.tasks.spawn(async move { hub.leave(&channel).await });
            }
        }
    }

    /// Only then may anyone listen again: in the other order the backbone would stop what was just begun.
    async fn leave(&self, channel: &Arc<Channel>) {
        let stopped = self.scope.in_time(self.scope.backbone.unlisten(&channel.name)).await;
        if let Err(error) = stopped {
            tracing::debug!(channel = %channel.name, %error, "could not stop listening");
        }
        self.shards[self.shard_of(&channel.name)].lock().remove(&channel.name);
        channel.left();
    }
}
