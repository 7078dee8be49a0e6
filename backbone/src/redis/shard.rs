use tidewire_protocol::ChannelName;

use super::commands::Commands;
use super::subscriptions::Subscriptions;
use crate::BackboneError;

/// One of the Redises over which channels are spread, whatever it is made of.
pub(super) struct Shard {
    pub(super) publishing: Commands,
    pub(super) reading: Commands,
    pub(super) subscriptions: Subscriptions,
}

impl Shard {
    /// The link for what changes a channel; what is given to it keeps its order.
    pub(super) fn publishing(&self, _channel: &ChannelName) -> Result<&Commands, BackboneError> {
        Ok(&self.publishing)
    }

    /// The link for what asks about a channel, beside what changes it.
    pub(super) fn reading(&self, _channel: &ChannelName) -> Result<&Commands, BackboneError> {
        Ok(&self.reading)
    }

    pub(super) fn is_up(&self) -> bool {
        self.publishing.is_up() && self.reading.is_up() && self.subscriptions.is_up()
    }

    /// Returns once everything is up.
    pub(super) async fn up(&self) {
        self.publishing.up().await;
        self.reading.up().await;
        self.subscriptions.up().await;
    }
}
