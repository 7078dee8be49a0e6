use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidewire_protocol::{Alias, ChannelName};

use crate::NamespaceSettings;
use crate::channel::{Channel, Presence};
use crate::healing::Healings;
use crate::scope::Scope;
use crate::shards::Shards;

/// A node's channels.
pub(crate) struct Hub {
    channels: Shards<Channel>,
    /// What is settling, also of channels without subscribers.
    pub(crate) healings: Healings,
    last_alias: AtomicU32,
    pub(crate) scope: Arc<Scope>,
}

impl Hub {
    pub(crate) fn new(shards: usize, scope: Arc<Scope>) -> Self {
        let healings = Healings::new(shards, scope.clone());
        Self { channels: Shards::new(shards), healings, last_alias: AtomicU32::new(0), scope }
    }

    /// How many shards there are.
    pub(crate) fn shards(&self) -> usize {
        self.channels.count()
    }

    /// Which shard a channel belongs to.
    pub(crate) fn shard_of(&self, name: &ChannelName) -> usize {
        self.channels.shard_of(name)
    }

    /// A channel that somebody here is or recently was subscribed to.
    pub(crate) fn find(&self, name: &ChannelName) -> Option<Arc<Channel>> {
        self.channels.find(name)
    }

    /// The same for who knows the channel's shard already.
    pub(crate) fn find_in(&self, shard: usize, name: &ChannelName) -> Option<Arc<Channel>> {
        self.channels.find_in(shard, name)
    }

    /// A channel that somebody is about to join.
    pub(crate) fn occupy(&self, name: &ChannelName, namespace: &NamespaceSettings, now: u64) -> Arc<Channel> {
        let channel = self.channels.find_or_make(name, || {
            let alias = Alias(self.last_alias.fetch_add(1, Ordering::Relaxed) + 1);
            let healing = self.healings.of(name, namespace.retention);
            let told = namespace.presence && self.scope.backbone.presence().is_some();
            let presence = if told { Presence::Told } else { Presence::Untold };
            Channel::new(name.clone(), alias, healing, self.scope.clone(), presence, now)
        });
        channel.touch(now);
        channel
    }

    /// The channels of one shard at this moment.
    pub(crate) fn in_shard(&self, shard: usize) -> Vec<Arc<Channel>> {
        self.channels.in_shard(shard)
    }

    /// The channels at this moment, of one shard after the other.
    pub(crate) fn channels(&self) -> impl Iterator<Item = Arc<Channel>> {
        (0..self.shards()).flat_map(|shard| self.in_shard(shard))
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

    /// Goes on with the channels in which only counts are told.
    pub(crate) fn tick_presence(&self, now: u64) {
        if self.scope.register.counting.load(Ordering::Relaxed) > 0 {
            for channel in self.channels() {
                channel.tick_presence(now);
            }
        }
    }

    /// How many channels there are.
    pub(crate) fn count(&self) -> usize {
        self.channels.locked().map(|shard| shard.len()).sum()
    }

    /// Stops listening to the channels that have had no subscriber since `before`.
    pub(crate) fn leave_deserted(self: &Arc<Self>, before: u64) {
        for channel in self.channels() {
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
        self.channels.remove(&channel.name);
        channel.left();
    }
}
