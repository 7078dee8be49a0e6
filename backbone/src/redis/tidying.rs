use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use tidewire_protocol::ChannelName;

use super::commands::{Reply, replied};
use super::keys::Keys;
use super::script;
use super::shards::Shards;

/// Sees to it that the publishers of channels which fell idle are forgotten; one task for all channels.
///
/// Best effort: what a node that ends leaves behind goes when the tip expires.
#[derive(Clone, Default)]
pub(super) struct Tidying {
    /// The channels published to since the last turn, with their de-duplication windows in milliseconds.
    recent: Arc<Mutex<HashMap<ChannelName, u64>>>,
}

/// How many channels are tidied at once.
const AT_ONCE: usize = 128;
/// How often it turns at most.
const PAUSE: Duration = Duration::from_millis(100);

impl Tidying {
    /// Notes a publish, and for how long its publisher must be remembered.
    pub(super) fn published(&self, channel: &ChannelName, window: u64) {
        let mut recent = self.recent();
        match recent.get_mut(channel) {
            Some(known) => *known = window,
            None => {
                recent.insert(channel.clone(), window);
            }
        }
    }

    /// Every window's length it tidies the channels that were published to before the last, but not since.
    pub(super) async fn run(self, shards: Arc<Shards>, keys: Keys) {
        let mut before = HashMap::new();
        loop {
            let longest = before.values().chain(self.recent().values()).copied().max().unwrap_or(0);
            tokio::time::sleep(PAUSE.max(Duration::from_millis(longest))).await;
            let since = std::mem::take(&mut *self.recent());
            let idle: Vec<(ChannelName, u64)> =
                before.into_iter().filter(|(channel, _)| !since.contains_key(channel)).collect();
            before = since;
            for some in idle.chunks(AT_ONCE) {
                let tidied = some.iter().map(|(channel, window)| tidy(&shards, &keys, channel, *window));
                for ((channel, window), reply) in some.iter().zip(join_all(tidied).await) {
                    // Too young, or Redis is away: another time.
                    if reply != Ok(Value::Int(1)) {
                        before.entry(channel.clone()).or_insert(*window);
                    }
                }
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<ChannelName, u64>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tidy(shards: &Shards, keys: &Keys, channel: &ChannelName, window: u64) -> Reply {
    let commands = shards.of(channel).reading(channel)?;
    let mut command = script::TIDY.call(&keys.of(channel));
    command.arg(window).arg(commands.now());
    replied(commands.give(command)).await
}
