//! The server's behaviour, a file for each part of it: over real sockets, spoken to in the protocol's JSON, on a
//! backbone in memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod harness;

mod config;
mod greeting;
mod publishers;
mod subscribing;
mod token;
