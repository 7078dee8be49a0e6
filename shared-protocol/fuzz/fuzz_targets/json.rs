//! Reads any bytes as lines of JSON.
#![no_main]

#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::holds(tidewire_protocol::Codec::Json, bytes));
