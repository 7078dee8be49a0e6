//! What Tidewire says on the wire: typed frames, names, positions and the two codecs.
//!
//! No IO, no clock, no randomness. The server and every client speak these types; `PROTOCOL.md` at the
//! repository's root is the same in prose, and its examples are this crate's golden files.
//!
//! Reading order: the values ([`ChannelName`], [`Position`], [`Payload`]), what is said with them
//! ([`ClientFrame`], [`ServerFrame`]), how refusals and ends are numbered, and the [`Codec`]s.

mod growing;
mod kinds;
mod numbered;

mod channel_name;
pub use channel_name::{BadChannelName, ChannelName};

mod position;
pub use position::{BadPosition, Position, Tag};

mod publisher;
pub use publisher::{BadPublicationId, BadPublisher, PublicationId, PublisherId, Seq};

mod payload;
pub use payload::Payload;

mod payload_bytes;
pub use payload_bytes::PayloadBytes;

mod publication;
pub use publication::Publication;

mod request_id;
pub use request_id::{Alias, RequestId};

mod client_frame;
pub use client_frame::{
    ClientFrame, Coalesce, Hello, History, Ping, Pong, Presence, Publish, Refresh, Subscribe, Unsubscribe,
};

mod server_frame;
pub use server_frame::{
    Behind, Delivery, Ephemeral, GoingAway, HistoryPage, Joined, Left, Limits, Member, Occupancy,
    PresenceList, Published, Refreshed, Refused, Reset, Rewound, ServerFrame, Subscribed, Unsubscribed,
    Welcome,
};

mod refusal;
pub use refusal::{Advice, RefusalCode};

mod reset_reason;
pub use reset_reason::ResetReason;

mod unsubscribe_code;
pub use unsubscribe_code::UnsubscribeCode;

mod close_code;
pub use close_code::CloseCode;

pub mod codec;
pub use codec::{BadMessage, Codec, Frame, Heard, MessageLimits};

/// The README's example, compiled and run by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
