use std::sync::Arc;

use tidewire_backbone::Retention;
use tidewire_protocol::ChannelName;

use super::{Healing, Load};
use crate::scope::Scope;
use crate::shards::Shards;

/// The channels of which something is settling on this node.
pub(crate) struct Healings {
    healings: Shards<Healing>,
    scope: Arc<Scope>,
}

impl Healings {
    pub(crate) fn new(shards: usize, scope: Arc<Scope>) -> Self {
        Self { healings: Shards::new(shards), scope }
    }

    /// The channel's; whoever holds it keeps it.
    pub(crate) fn of(&self, name: &ChannelName, retention: Retention) -> Arc<Healing> {
        self.healings.find_or_make(name, || Healing::new(name.clone(), retention, self.scope.clone()))
    }

    /// The channel's, where there is something of it.
    pub(crate) fn find(&self, name: &ChannelName) -> Option<Arc<Healing>> {
        self.healings.find(name)
    }

    /// All of one shard at this moment.
    pub(crate) fn in_shard(&self, shard: usize) -> Vec<Arc<Healing>> {
        self.healings.in_shard(shard)
    }

    /// Forgets what is settled; answers how much is left.
    pub(crate) fn let_go(&self, now: u64) -> Load {
        let mut sum = Load::default();
        for mut shard in self.healings.locked() {
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
}
