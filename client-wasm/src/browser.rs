//! What this crate uses of the browser, declared here rather than taken from web-sys: the descriptions that js-sys
//! links in for the closures of its own functions make the module a third larger.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

/// A function that the browser calls with an event. One type for all, so that there is glue for one.
pub(crate) type Handler = Closure<dyn Fn(Event)>;

#[wasm_bindgen]
extern "C" {
    /// An event of any kind; each has only some of these fields.
    pub(crate) type Event;
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(crate) fn name(this: &Event) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Event) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &Event) -> u16;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn reason(this: &Event) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn persisted(this: &Event) -> bool;

    pub(crate) type EventTarget;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    pub(crate) fn add_listener(this: &EventTarget, name: &str, handler: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    pub(crate) fn remove_listener(this: &EventTarget, name: &str, handler: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(extends = EventTarget)]
    pub(crate) type Document;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn hidden(this: &Document) -> bool;

    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    pub(crate) static GLOBAL: EventTarget;
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub(crate) static DOCUMENT: Option<Document>;

    pub(crate) type WebSocket;
    #[wasm_bindgen(constructor, catch)]
    pub(crate) fn new(url: &str, protocol: &str) -> Result<WebSocket, Exception>;
    #[wasm_bindgen(method, setter, js_name = binaryType)]
    pub(crate) fn set_binary_type(this: &WebSocket, kind: &str);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onopen(this: &WebSocket, handler: &JsValue);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessage(this: &WebSocket, handler: &JsValue);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onclose(this: &WebSocket, handler: &JsValue);
    #[wasm_bindgen(method, catch)]
    pub(crate) fn send(this: &WebSocket, message: &[u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &WebSocket, code: u16) -> Result<(), JsValue>;

    pub(crate) type Exception;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn message(this: &Exception) -> Option<String>;

    type Uint8Array;
    #[wasm_bindgen(constructor)]
    fn new(buffer: &JsValue) -> Uint8Array;
    #[wasm_bindgen(method, getter)]
    fn length(this: &Uint8Array) -> u32;
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    fn copy(to: &mut [u8], from: &Uint8Array);

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &JsValue, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(handle: &JsValue);
    /// What `setTimeout` gives in Node.
    pub(crate) type NodeTimer;
    #[wasm_bindgen(method)]
    pub(crate) fn unref(this: &NodeTimer);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn page_clock() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub(crate) fn wall_clock() -> f64;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn fill_with_random(bytes: &mut [u8]);

    #[cfg(debug_assertions)]
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn console_error(text: &str);
}

/// The bytes of an ArrayBuffer.
pub(crate) fn bytes(buffer: &JsValue) -> Vec<u8> {
    let array = Uint8Array::new(buffer);
    let mut bytes = vec![0; array.length() as usize];
    copy(&mut bytes, &array);
    bytes
}
