//! Tidewire client for tokio applications.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::StreamExt;
//! use tidewire_client::{Client, ClientOptions, Payload, SubscribeOptions, SubscriptionEvent};
//!
//! let client = Client::connect(ClientOptions::new("ws://127.0.0.1:7800/v1/connect")?);
//! let lobby = "chat:lobby".parse()?;
//! let mut messages = client.subscribe(&lobby, SubscribeOptions::default()).await?;
//! client.publish(&lobby, Payload::Json(r#"{"text":"hi"}"#.into())).await?;
//! while let Some(event) = messages.next().await {
//!     if let SubscriptionEvent::Publications { publications, .. } = event {
//!         // …
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] is a handle of one task that drives a [`tidewire_session::Session`] over a WebSocket. It connects
//! again whenever it must, resumes where it was, and publishes what waits; see there for the rules.

mod options;
pub use options::{BadUrl, ClientOptions, SubscribeOptions};

mod token_source;
pub use token_source::TokenSource;

mod client;
pub use client::Client;

mod subscription;
pub use subscription::{Subscription, SubscriptionEvent};

mod presence;
pub use presence::{Crowd, PresenceWatch};

mod receipt;
pub use receipt::{PublishError, Published, Receipt};

mod error;
pub use error::{Closed, QuestionError};

mod driver;
mod socket;

pub use tidewire_protocol::{
    BadChannelName, ChannelName, HistoryPage, Member, Payload, Position, PresenceList, Publication,
    RefusalCode, ResetReason, UnsubscribeCode,
};
pub use tidewire_session::{Doubt, End, Gap, Loss, OutboxLimits, Refusal, SessionConfig, Status, TokenError};
