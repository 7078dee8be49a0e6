//! One Tidewire client's conversation as a pure state machine: no socket, no clock, no randomness of its own.
//!
//! A driver owns bytes and time. It tells the [`Session`] what happens ([`Input`]), does what the session wants
//! ([`Output`]), and comes back at the [`Session::deadline`]. Whatever the network does, the session keeps the
//! promise: each publication once and in order, or a [`Gap`] that says why not.

mod timestamp;
pub use timestamp::Timestamp;

mod ids;
pub use ids::{HistoryId, LinkId, PresenceId, PublishId, PublishName, SubscriptionId};

mod config;
pub use config::{OutboxLimits, SessionConfig};

mod presence;
pub use presence::{PresenceCommand, PresenceEvent};

mod command;
pub use command::Command;

mod token_error;
pub use token_error::TokenError;

mod input;
pub use input::{Input, LinkEvent, Wake};

mod status;
pub use status::{End, Loss, Status};

mod refusal;
pub use refusal::{Doubt, Refusal};

mod gap;
pub use gap::Gap;

mod event;
pub use event::Event;

mod output;
pub use output::Output;

mod timer;
pub use timer::Timer;

mod session;
pub use session::Session;
