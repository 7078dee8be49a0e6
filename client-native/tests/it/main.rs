//! The driver on real sockets, against a small server that is made to misbehave.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

mod server;

mod closing;
mod presence;
mod publishing;
mod reconnecting;
mod subscribing;
