use tidewire_protocol::{ChannelName, Payload, Position};

use crate::{HistoryId, PresenceCommand, PublishId, PublishName, SubscriptionId, Timestamp};

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
    /// The answer to [`Output::Store`](crate::Output::Store) with a name: it is stored, and may be sent. Also where
    /// it cannot be stored and is to be sent all the same.
    Stored {
        /// Which.
        publish: PublishId,
        /// As what; of no effect where it has got another name meanwhile.
        name: PublishName,
    },
    /// Publish what an earlier session may have sent and got no answer to: under its old name, so that the log has it
    /// once. To be given before `Connect`, in the order in which it was published; answered as `Publish` is.
    Restore {
        /// The driver's number for it.
        publish: PublishId,
        /// The channel.
        channel: ChannelName,
        /// What is published.
        payload: Payload,
        /// The name that it was stored with.
        name: PublishName,
        /// When it was stored with it, which is before it was sent.
        first: Timestamp,
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
    /// Let the server gather publications, as [`Coalesce`](tidewire_protocol::Coalesce) says; also on later links.
    Coalesce {
        /// How long one may wait after what came before, in milliseconds; 0: they come as they are.
        every_ms: u32,
    },
}
