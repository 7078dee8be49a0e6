use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tidewire_protocol::ChannelName;

/// Something of each of many channels, in shards, so that those of one do not wait for those of another.
pub(crate) struct Shards<T> {
    shards: Box<[Mutex<Shard<T>>]>,
    hasher: RandomState,
}

/// What there is of the channels of one shard.
pub(crate) type Shard<T> = HashMap<ChannelName, Arc<T>>;

impl<T> Shards<T> {
    pub(crate) fn new(count: usize) -> Self {
        Self { shards: (0..count.max(1)).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// How many shards there are.
    pub(crate) fn count(&self) -> usize {
        self.shards.len()
    }

    /// Which shard a channel belongs to.
    pub(crate) fn shard_of(&self, name: &ChannelName) -> usize {
        self.hasher.hash_one(name) as usize % self.shards.len()
    }

    /// The channel's, where there is one.
    pub(crate) fn find(&self, name: &ChannelName) -> Option<Arc<T>> {
        self.find_in(self.shard_of(name), name)
    }

    /// The same for who knows the channel's shard already.
    pub(crate) fn find_in(&self, shard: usize, name: &ChannelName) -> Option<Arc<T>> {
        self.shards[shard].lock().get(name).cloned()
    }

    /// The channel's, made where there is none.
    pub(crate) fn find_or_make(&self, name: &ChannelName, make: impl FnOnce() -> T) -> Arc<T> {
        let mut shard = self.shards[self.shard_of(name)].lock();
        if let Some(found) = shard.get(name) {
            return found.clone();
        }
        let made = Arc::new(make());
        shard.insert(name.clone(), made.clone());
        made
    }

    /// Forgets the channel's.
    pub(crate) fn remove(&self, name: &ChannelName) {
        self.shards[self.shard_of(name)].lock().remove(name);
    }

    /// All of one shard at this moment.
    pub(crate) fn in_shard(&self, shard: usize) -> Vec<Arc<T>> {
        self.shards[shard].lock().values().cloned().collect()
    }

    /// Each shard in turn, while nobody else can look into it.
    pub(crate) fn locked(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<T>>> {
        self.shards.iter().map(Mutex::lock)
    }
}
