//! Tidewire client for browsers: the session, driven by a WebSocket, a timer and the page's events.
//!
//! The application's side is TypeScript (`@tidewire/client`). It makes a [`Driver`], tells it what it wants, and
//! hears of everything that happens in packed batches, one call for each. Payloads go through as bytes: nothing
//! here reads or makes JSON.

mod browser;
mod clock;
mod conversation;
mod environment;
mod host;
mod packed;
mod socket;
mod timer;

mod driver;
pub use driver::Driver;
pub use host::Host;

/// A client allocates little and seldom; the standard allocator is three times this one's size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
