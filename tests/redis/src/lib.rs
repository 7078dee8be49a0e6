//! Real Redis for tests: one [`Server`], or several as [`Sentinels`] or a [`Cluster`].
//!
//! Every process listens on free ports of 127.0.0.1, works in a folder of its own without persistence, and is a
//! [`Server`]: it can be killed, frozen, restarted and asked. It ends when it is dropped, or when the test's
//! process ends, however that happens.
//!
//! Everything here blocks: it waits for a state with a deadline, and panics with the reason where that is missed.

mod port;
pub use port::free_port;

mod settings;
pub use settings::Settings;

mod guarded;

mod server;
pub use server::Server;

mod topology;
pub use topology::Topology;

mod sentinels;
pub use sentinels::Sentinels;

mod cluster;
pub use cluster::Cluster;

mod promotions;
pub use promotions::{Promotion, Promotions};

mod wait;
pub use wait::wait_until;
