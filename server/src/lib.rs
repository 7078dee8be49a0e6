//! Tidewire's server, as a library and as the binary `tidewire`.
//!
//! Publications go one way: socket → connection → request → node → backbone → arrivals → relay → hub → outbox →
//! socket. A publication reaches subscribers only by arriving from the backbone, also on the node that
//! published it.

mod settings;
pub use settings::{Drain, Settings};

mod limits;
pub use limits::Limits;

mod namespaces;
pub use namespaces::{Access, Acks, NamespaceSettings, Namespaces};

mod schema;
pub use schema::{BadSchema, PayloadSchema};

mod policy;
pub use policy::{AllowAll, Closing, Credentials, Identity, Policy, Refusal};

mod server;
pub use server::{Server, ServerBuilder};

mod node;
pub use node::Node;

mod drain;
pub use drain::{AlreadyDraining, Stage};

mod moving;
pub use moving::Percent;

mod author;
pub use author::Author;

mod history;
pub use history::Page;

mod presence;
pub use presence::PresencePage;

mod switches;
#[cfg(feature = "switches")]
pub use switches::Switches;

pub mod origin;

pub mod auth;

pub mod api;

pub mod health;

pub mod prometheus;

pub mod static_files;

pub mod config;

pub mod logging;

pub mod codegen;

pub mod cli;

// The way of a connection.
mod connection;
mod connections;
mod gateway;
mod outbox;
mod request;
mod socket;
mod tunnel;

// The way of a publication.
mod batch;
mod channel;
mod frame;
mod healing;
mod hub;
mod relay;
mod shards;

// What holds them together.
mod clock;
mod panics;
mod scope;
mod ticker;
