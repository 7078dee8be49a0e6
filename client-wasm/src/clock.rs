use std::cell::Cell;

use tidewire_session::Timestamp;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// How much further the wall clock must have gone than the page's own before that means a sleep.
const SLEPT_MS: f64 = 5_000.0;

/// The page's clock, which never goes back but stands still in some systems while the machine sleeps.
pub(crate) struct Clock {
    /// Wall clock minus page clock, when last looked at.
    apart: Cell<f64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { apart: Cell::new(js_sys::Date::now() - performance_now()) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(performance_now() as u64)
    }

    /// Whether the wall clock went on without the page's, since this was asked last.
    pub(crate) fn jumped(&self) -> bool {
        let apart = js_sys::Date::now() - performance_now();
        apart - self.apart.replace(apart) > SLEPT_MS
    }
}
