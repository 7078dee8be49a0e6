//! The server's behaviour, a file for each part of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod config;
mod token;
