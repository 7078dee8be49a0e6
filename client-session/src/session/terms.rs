use tidewire_protocol::{ChannelName, Limits, Welcome};

/// What the server said about itself last; before it said anything, what can do no harm.
#[derive(Debug)]
pub(super) struct Terms {
    /// Whether a server has said it.
    pub(super) known: bool,
    pub(super) heartbeat_ms: u64,
    pub(super) reconnect_spread_ms: u64,
    pub(super) limits: Limits,
    /// It tells who is in a channel.
    pub(super) presence: bool,
    ephemeral: Vec<String>,
}

/// The feature's name.
pub(super) const PRESENCE: &str = "presence";

impl Default for Terms {
    fn default() -> Self {
        Self {
            known: false,
            heartbeat_ms: 25_000,
            reconnect_spread_ms: 1_000,
            limits: Limits {
                message_bytes: 64 << 10,
                frames_per_message: 64,
                subscriptions: u32::MAX,
                settle_ms: 60_000,
                dedup_ms: 600_000,
            },
            presence: false,
            ephemeral: Vec::new(),
        }
    }
}

impl Terms {
    pub(super) fn hear(&mut self, welcome: &mut Welcome) {
        *self = Self {
            known: true,
            heartbeat_ms: welcome.heartbeat_ms.into(),
            reconnect_spread_ms: welcome.reconnect_spread_ms.into(),
            limits: welcome.limits,
            presence: welcome.features.iter().any(|feature| feature == PRESENCE),
            ephemeral: std::mem::take(&mut welcome.ephemeral),
        };
    }

    /// Whether the channel keeps no log.
    pub(super) fn is_ephemeral(&self, channel: &ChannelName) -> bool {
        self.ephemeral.iter().any(|namespace| namespace == channel.namespace())
    }

    pub(super) fn settle_ms(&self) -> u64 {
        self.limits.settle_ms.into()
    }

    pub(super) fn dedup_ms(&self) -> u64 {
        self.limits.dedup_ms.into()
    }
}
