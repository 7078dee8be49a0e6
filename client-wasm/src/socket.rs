use tidewire_protocol::codec::binary;
use tidewire_protocol::{ClientFrame, Codec};
use tidewire_session::LinkEvent;
use wasm_bindgen::JsValue;

use crate::browser::{self, Event, Handler, WebSocket};

/// One link's WebSocket. Once it is dropped nothing is heard of it.
pub(crate) struct Socket {
    socket: WebSocket,
    _handler: Handler,
}

impl Socket {
    /// Begins to open a socket.
    ///
    /// # Errors
    /// The event that the browser's refusal amounts to, as for `ws:` from an `https:` page.
    pub(crate) fn open(url: &str, hear: impl Fn(LinkEvent) + 'static) -> Result<Self, LinkEvent> {
        let socket = WebSocket::new(url, Codec::Binary.subprotocol())
            .map_err(|error| LinkEvent::Closed { code: None, reason: error.message().unwrap_or_default() })?;
        socket.set_binary_type("arraybuffer");
        let handler = Handler::new(move |event: Event| hear(read(&event)));
        hear_with(&socket, handler.as_ref());
        Ok(Self { socket, _handler: handler })
    }

    /// Sends frames as one message. A socket that cannot send says so by closing.
    pub(crate) fn send(&self, frames: &[ClientFrame]) {
        let mut message = Vec::new();
        for frame in frames {
            binary::encode(frame, &mut message);
        }
        let _ = self.socket.send(&message);
    }

    /// Closes, without effect where it is closed.
    pub(crate) fn close(&self, code: u16) {
        let _ = self.socket.close(code);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        hear_with(&self.socket, &JsValue::NULL);
        self.close(NORMAL);
    }
}

/// A WebSocket's close code for an end without further meaning (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;

fn hear_with(socket: &WebSocket, handler: &JsValue) {
    socket.set_onopen(handler);
    socket.set_onmessage(handler);
    socket.set_onclose(handler);
}

fn read(event: &Event) -> LinkEvent {
    match event.name().as_str() {
        "open" => LinkEvent::Opened,
        "message" => message(&event.data()),
        _ => LinkEvent::Closed { code: Some(event.code()), reason: event.reason() },
    }
}

fn message(data: &JsValue) -> LinkEvent {
    if data.is_string() {
        return LinkEvent::Garbled(String::from("a text message on a binary connection"));
    }
    match binary::known(&browser::bytes(data)) {
        Ok(frames) => LinkEvent::Received(frames),
        Err(fault) => LinkEvent::Garbled(fault.to_string()),
    }
}
