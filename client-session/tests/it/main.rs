//! What a session does, told as stories: each file is one behaviour, `script` is their language.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

mod script;

mod connecting;
mod network;
