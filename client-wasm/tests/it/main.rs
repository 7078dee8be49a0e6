//! tidewire-wasm in a real browser, over its boundary of numbers and bytes.
//!
//! `cargo xtask test wasm` runs this in headless Chromium. The other side of the boundary is tested with this side in
//! `npm/client/test`, whole conversations with a server in `tests/browser`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and does not know this kind of test")]

mod conversation;
mod stage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
