//! Real nodes, a real Redis and a proxy that does harm, for tests that kill things.
//!
//! Everything listens on a free port of 127.0.0.1, works in a folder of its own, and is stopped by its process
//! id when it is dropped.

mod process;
pub use process::{Process, resident_bytes};

mod node;
pub use node::{Launch, Node, NodeConfig};

mod proxy;
pub use proxy::Proxy;

mod raw_client;
pub use raw_client::RawClient;

mod fault_proxy;
pub use fault_proxy::{FaultProxy, Flow, Way};

pub mod chaos;
