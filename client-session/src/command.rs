use tidewire_protocol::{ChannelName, Payload, Position};

use crate::{HistoryId, PresenceCommand, PublishId, SubscriptionId};

/// What an application may want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Be connected from now on. Without effect where the session is so already; begins anew where it has ended.
    Connect,
    /// Close the link and end: what waits in the outbox is refused or reported in doubt.
    Close,
    /// Begin a subscription. Several subscriptions of one channel share one on the wire.
    Subscribe {
        /// The driver's number for it.
        subscription: SubscriptionId,
        /// The channel.
        channel: ChannelName,
        /// Without `since`: begin this many publications before the tip.
        last: u64,
        /// Continue after this position, which the application kept from earlier.
        since: Option<Position>,
    },
    /// End a subscription; nothing more is told of it.
    Unsubscribe {
        /// The driver's number for it.
        subscription: SubscriptionId,
    },
    /// Publish. The answer is `Published`, `PublishRefused` or `PublishInDoubt`, exactly one of them.
    Publish {
        /// The driver's number for it.
        publish: PublishId,
        /// The channel.
        channel: ChannelName,
        /// What is published.
        payload: Payload,
    },
    /// Ask for a part of a log. The answer is `History` or `HistoryRefused`, exactly one of them.
    History {
        /// The driver's number for it.
        history: HistoryId,
        /// The channel.
        channel: ChannelName,
        /// Only what follows this position; without it, the newest.
        since: Option<Position>,
        /// At most so many publications; 0 leaves it to the server.
        limit: u64,
    },
    /// Know who is in a channel.
    Presence(PresenceCommand),
}
