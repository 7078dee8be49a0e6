use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use tidewire_protocol::ChannelName;

/// Random numbers from one seed, in a series for each node and channel: what happens in one does not change what
/// happens in another.
pub(super) struct Chance {
    seed: u64,
    drawn: BTreeMap<(Option<usize>, ChannelName), u64>,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: BTreeMap::new() }
    }

    /// A node's next number for a channel, or the channel's own.
    pub(super) fn next(&mut self, node: Option<usize>, channel: &ChannelName) -> u64 {
        let drawn = self.drawn.entry((node, channel.clone())).or_default();
        *drawn += 1;
        let node = node.map_or(0, |node| node as u64 + 1);
        let name = channel.as_str().bytes().fold(0, |all, byte| mixed(all ^ u64::from(byte)));
        mixed(self.seed ^ mixed(node ^ mixed(name ^ mixed(*drawn))))
    }

    /// A duration from the range, to the microsecond.
    pub(super) fn duration(
        &mut self,
        range: RangeInclusive<Duration>,
        node: Option<usize>,
        channel: &ChannelName,
    ) -> Duration {
        let micros = range.end().saturating_sub(*range.start()).as_micros() as u64;
        match micros {
            0 => *range.start(),
            micros => *range.start() + Duration::from_micros(self.next(node, channel) % (micros + 1)),
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
