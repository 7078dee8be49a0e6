//! tidewire-wasm in a real browser, against a WebSocket that the test plays the server of.
//!
//! `cargo xtask test wasm` runs this in headless Chromium. The socket is a stand-in on purpose: what is tested is the
//! edge to the browser, message by message. Whole conversations with a server are in `tests/browser`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and does not know this kind of test")]

mod conversation;
mod page;
mod stage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
