use serde::{Deserialize, Serialize};
use tidewire_protocol::ChannelName;

use super::Pattern;

/// What the bearer of a token or an API key may do, in which channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Channels to subscribe to, and to read the history and the presence of.
    #[serde(default)]
    pub subscribe: Vec<Pattern>,
    /// Channels to publish in.
    #[serde(default)]
    pub publish: Vec<Pattern>,
    /// What others see of the bearer where presence is told: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<serde_json::Value>,
}

impl Grants {
    /// Whether a pattern of `subscribe` covers the channel.
    pub fn may_subscribe(&self, channel: &ChannelName) -> bool {
        self.subscribe.iter().any(|pattern| pattern.covers(channel))
    }

    /// Whether a pattern of `publish` covers the channel.
    pub fn may_publish(&self, channel: &ChannelName) -> bool {
        self.publish.iter().any(|pattern| pattern.covers(channel))
    }
}
