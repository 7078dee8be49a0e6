use tidewire_protocol::{HistoryPage, Payload, Position, Publication, UnsubscribeCode};

use crate::{Doubt, Gap, HistoryId, PresenceEvent, PublishId, Refusal, Status, SubscriptionId, TokenError};

/// What a session tells its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The status changed.
    Status(Status),
    /// A subscription is live, for the first time or again.
    Subscribed {
        /// Which.
        subscription: SubscriptionId,
        /// The channel's newest position; absent in ephemeral namespaces.
        position: Option<Position>,
        /// How many missed publications follow at once; more may follow, marked as replayed.
        replayed: u32,
        /// It continues where it was, with nothing lost.
        recovered: bool,
    },
    /// Publications, in order, each once.
    Publications {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// The publications, oldest first.
        publications: Vec<Publication>,
        /// They were published before the subscription was live.
        replayed: bool,
    },
    /// A publication of an ephemeral namespace.
    Ephemeral {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// What the publisher sent.
        payload: Payload,
        /// The publisher's user, where its token named one.
        user: Option<String>,
    },
    /// A subscription lacks publications.
    Gap {
        /// Which.
        subscription: SubscriptionId,
        /// What it lacks.
        gap: Gap,
    },
    /// The server ended a subscription.
    Unsubscribed {
        /// Which.
        subscription: SubscriptionId,
        /// Why.
        code: UnsubscribeCode,
    },
    /// A subscription cannot be.
    SubscribeRefused {
        /// Which.
        subscription: SubscriptionId,
        /// Why.
        refusal: Refusal,
    },
    /// A publication is accepted.
    Published {
        /// Which.
        publish: PublishId,
        /// Where it stands; absent where that is not known, and in ephemeral namespaces.
        position: Option<Position>,
    },
    /// A publication is not accepted, and never will be.
    PublishRefused {
        /// Which.
        publish: PublishId,
        /// Why.
        refusal: Refusal,
    },
    /// Nobody knows whether a publication is accepted.
    PublishInDoubt {
        /// Which.
        publish: PublishId,
        /// Why.
        why: Doubt,
    },
    /// A part of a log.
    History {
        /// The question that it answers.
        history: HistoryId,
        /// The part.
        page: HistoryPage,
    },
    /// A question for a log is not answered.
    HistoryRefused {
        /// Which.
        history: HistoryId,
        /// Why.
        refusal: Refusal,
    },
    /// Who is in a channel.
    Presence(PresenceEvent),
    /// The application's token function failed; the session goes on as the error says.
    TokenFailed(TokenError),
    /// Something that a developer should know, and an application need not: for the console.
    Trouble(String),
}
