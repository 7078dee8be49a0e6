use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;
use tidewire_backbone::Retention;
use tidewire_protocol::ChannelName;

use super::{Healing, Load};
use crate::scope::Scope;

/// The channels of which something is settling on this node, in shards.
pub(crate) struct Healings {
    shards: Box<[Shard]>,
    hasher: RandomState,
    scope: Arc<Scope>,
}

type Shard = Mutex<HashMap<ChannelName, Arc<Healing>>>;

impl Healings {
    pub(crate) fn new(shards: usize, scope: Arc<Scope>) -> Self {
        let shards = (0..shards.max(1)).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new(), scope }
    }

    /// The channel's; whoever holds it keeps it.
    pub(crate) fn of(&self, name: &ChannelName, retention: Retention) -> Arc<Healing> {
        let mut shard = self.shard_of(name).lock();
        match shard.get(name) {
            Some(healing) => healing.clone(),
            None => {
                let healing = Arc::new(Healing::new(name.clone(), retention, self.scope.clone()));
                shard.insert(name.clone(), healing.clone());
                healing
            }
        }
    }

    /// The channel's, where there is something of it.
    pub(crate) fn find(&self, name: &ChannelName) -> Option<Arc<Healing>> {
        self.shard_of(name).lock().get(name).cloned()
    }

    /// All of one shard at this moment.
    pub(crate) fn in_shard(&self, shard: usize) -> Vec<Arc<Healing>> {
        self.shards[shard].lock().values().cloned().collect()
    }

    /// Forgets what is settled; answers how much is left.
    pub(crate) fn let_go(&self, now: u64) -> Load {
        let mut sum = Load::default();
        for shard in &self.shards {
            let mut shard = shard.lock();
            // Nobody else can take hold of one meanwhile.
            shard.retain(|_, healing| !healing.let_go(now) || Arc::strong_count(healing) > 1);
            for load in shard.values().map(|healing| healing.load()) {
                sum.settling += load.settling;
                sum.bytes += load.bytes;
                sum.behind += load.behind;
            }
        }
        sum
    }

    fn shard_of(&self, name: &ChannelName) -> &Shard {
        &self.shards[self.hasher.hash_one(name) as usize % self.shards.len()]
    }
}
