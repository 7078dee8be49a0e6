use js_sys::{ArrayBuffer, Uint8Array};
use tidewire_protocol::codec::binary;
use tidewire_protocol::{ClientFrame, Codec, Heard, MessageLimits};
use tidewire_session::LinkEvent;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// One link's WebSocket. Dropping it closes it, and nothing is heard of it afterwards.
pub(crate) struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn Fn()>,
    _received: Closure<dyn Fn(MessageEvent)>,
    _closed: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// Begins to open a socket.
    ///
    /// # Errors
    /// The event that the browser's refusal amounts to, as for `ws:` from an `https:` page.
    pub(crate) fn open(url: &str, hear: impl Fn(LinkEvent) + Clone + 'static) -> Result<Self, LinkEvent> {
        let socket = WebSocket::new_with_str(url, Codec::Binary.subprotocol()).map_err(refused)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let opened = Closure::<dyn Fn()>::new({
            let hear = hear.clone();
            move || hear(LinkEvent::Opened)
        });
        let received = Closure::<dyn Fn(MessageEvent)>::new({
            let hear = hear.clone();
            move |message: MessageEvent| hear(read(&message.data()))
        });
        let closed = Closure::<dyn Fn(CloseEvent)>::new(move |close: CloseEvent| {
            hear(LinkEvent::Closed { code: Some(close.code()), reason: close.reason() });
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(received.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));

        Ok(Self { socket, _opened: opened, _received: received, _closed: closed })
    }

    /// Sends frames as one message. A socket that cannot send says so by closing.
    pub(crate) fn send(&self, frames: &[ClientFrame]) {
        let mut message = Vec::new();
        for frame in frames {
            binary::encode(frame, &mut message);
        }
        let _ = self.socket.send_with_u8_array(&message);
    }

    /// Closes with a code.
    pub(crate) fn close(self, code: u16) {
        let _ = self.socket.close_with_code(code);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Without effect where it is closed or closing.
        let _ = self.socket.close();
    }
}

fn read(data: &JsValue) -> LinkEvent {
    let Some(buffer) = data.dyn_ref::<ArrayBuffer>() else {
        return LinkEvent::Garbled(String::from("a text message on a binary connection"));
    };
    match binary::decode(&Uint8Array::new(buffer).to_vec(), MessageLimits::NONE) {
        Ok(frames) => LinkEvent::Received(frames.into_iter().filter_map(known).collect()),
        Err(bad) => LinkEvent::Garbled(bad.to_string()),
    }
}

fn known<F>(heard: Heard<F>) -> Option<F> {
    match heard {
        Heard::Frame(frame) => Some(frame),
        Heard::UnknownKind(_) => None,
    }
}

fn refused(error: JsValue) -> LinkEvent {
    let reason = js_sys::Reflect::get(&error, &JsValue::from_str("message"))
        .ok()
        .and_then(|message| message.as_string())
        .unwrap_or_default();
    LinkEvent::Closed { code: None, reason }
}
