use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Whom a driver tells what happens: an object with a method `events`.
    pub type Host;

    /// Takes all events of one step. The bytes are this module's memory, good only until the call returns; it
    /// must not call the driver.
    #[wasm_bindgen(method)]
    pub(crate) fn events(this: &Host, packed: &[u8]);
}
