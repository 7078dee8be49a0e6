use std::sync::Arc;

use futures_util::future;
use sha1::{Digest, Sha1};
use tidewire_protocol::ChannelName;
use tokio::task::JoinSet;

use super::RedisConfig;
use super::keys::Keys;
use super::shard::Shard;
use crate::BackboneError;
use crate::outlet::Outlet;

/// The independent Redises over which channels are spread; what befalls one concerns its channels alone.
pub(super) struct Shards(Vec<Shard>);

impl Shards {
    /// Begins to connect to all of them.
    pub(super) fn new(
        config: &RedisConfig,
        keys: &Keys,
        outlet: &Arc<Outlet>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, BackboneError> {
        let addresses = config.addresses.shards().iter();
        let shards = addresses.map(|address| Shard::new(address, config, keys, outlet, tasks));
        shards.collect::<Result<_, _>>().map(Self)
    }

    /// The one that has a channel; the same on every node that names the same Redises in the same order.
    pub(super) fn of(&self, channel: &ChannelName) -> &Shard {
        match self.0.as_slice() {
            [only] => only,
            several => &several[jump(hash(channel), several.len())],
        }
    }

    /// All of them, in the order of their addresses.
    pub(super) fn each(&self) -> impl ExactSizeIterator<Item = &Shard> {
        self.0.iter()
    }

    /// Whether at least one is up: its channels can be served.
    pub(super) fn is_any_up(&self) -> bool {
        self.0.iter().any(Shard::is_up)
    }

    /// Returns once all are up; fails where one cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        future::try_join_all(self.0.iter().map(Shard::up)).await.map(|_| ())
    }
}

/// 64 bits of a channel's name, the same on every machine and in every version.
fn hash(channel: &ChannelName) -> u64 {
    let digest = Sha1::digest(channel.as_str().as_bytes());
    digest.iter().take(8).fold(0, |hash, &byte| (hash << 8) | u64::from(byte))
}

/// Jump consistent hash: where there is one bucket more, only what goes there moves.
///
/// Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, <https://arxiv.org/abs/1406.2294>.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the paper's"
)]
fn jump(mut key: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0, 0);
    while next < buckets {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as usize;
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUMPS: [(u64, usize, usize); 10] = [
        (0, 1000, 0),
        (1, 2, 0),
        (1, 16, 6),
        (1, 1000, 549),
        (3_735_928_559, 5, 3),
        (3_735_928_559, 1000, 285),
        (u64::MAX, 2, 1),
        (u64::MAX, 16, 10),
        (1_234_567_890_123, 5, 3),
        (1_234_567_890_123, 1000, 560),
    ];

    #[test]
    fn buckets_are_those_of_the_paper() {
        // As computed by the C++ function that the paper prints.
        for (key, buckets, bucket) in JUMPS {
            assert_eq!(jump(key, buckets), bucket, "{key} of {buckets}");
        }
    }

    #[test]
    fn with_one_bucket_more_only_its_share_moves_and_only_there() {
        let mut moved = 0;
        for number in 0..10_000 {
            let key = hash(&format!("room:{number}").parse().unwrap());
            let (before, after) = (jump(key, 4), jump(key, 5));
            assert!(before == after || after == 4);
            moved += usize::from(before != after);
        }
        assert!((1800..2200).contains(&moved), "{moved} of 10,000 moved");
    }

    #[test]
    fn a_channels_hash_never_changes() {
        assert_eq!(hash(&"chat:lobby".parse().unwrap()), 0x24cc_f4dc_8802_0c25);
    }
}
