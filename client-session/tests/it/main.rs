//! What a session does, told as stories: each file is one behaviour, `script` is their language.

#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "tests panic, and tell their stories"
)]

mod script;

mod asking;
mod coalescing;
mod connecting;
mod draining;
mod liveness;
mod network;
mod publishing;
mod reconnecting;
mod refreshing;
mod resetting;
mod resuming;
mod sharing;
mod storing;
mod watching;
