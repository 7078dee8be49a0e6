//! Tidewire's session for browsers, behind one function of numbers and bytes.
//!
//! The other side is `browser-driver.ts` of `@tidewire/client`, which owns sockets, timers and the page's events. It
//! tells the [`Session`] what happens, and does what the packed answer says. Nothing else crosses: a value of
//! JavaScript that lived here, or a function of ours that lived there, would each need code on both sides. Payloads
//! go through as bytes: nothing here reads or makes JSON, or words for people.

mod packed;
mod reason;

mod told;
pub use told::Told;

mod session;
pub use session::Session;

/// A client allocates little and seldom; the standard allocator is three times this one's size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
