use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tidewire_protocol::{ClientFrame, Codec, Heard, MessageLimits, ServerFrame};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

/// A bare connection that says and hears frames of the binary codec, and does nothing by itself: it can stop reading.
#[derive(Debug)]
pub struct RawClient {
    socket: WebSocket<TcpStream>,
    heard: std::collections::VecDeque<ServerFrame>,
}

impl RawClient {
    /// Connects to a node.
    ///
    /// # Panics
    /// Where the node does not take the connection.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a listening node");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let mut request = format!("ws://{address}/v1/connect").into_client_request().expect("a request");
        let subprotocol = HeaderValue::from_static(Codec::Binary.subprotocol());
        request.headers_mut().insert("sec-websocket-protocol", subprotocol);
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let (socket, _) =
            tungstenite::client::client_with_config(request, stream, Some(config)).expect("an upgrade");
        Self { socket, heard: std::collections::VecDeque::new() }
    }

    /// Says frames, in one message.
    ///
    /// # Panics
    /// Where the connection is lost.
    pub fn say(&mut self, frames: &[ClientFrame]) {
        let mut message = Vec::new();
        for frame in frames {
            Codec::Binary.encode(frame, &mut message);
        }
        self.socket.send(Message::Binary(message.into())).expect("an open connection");
    }

    /// The next frame.
    ///
    /// # Panics
    /// Where the connection ends, or nothing comes for 30 s.
    pub fn hear(&mut self) -> ServerFrame {
        while self.heard.is_empty() {
            let message = self.socket.read().expect("an open connection");
            if let Message::Binary(bytes) = message {
                let frames = Codec::Binary.decode(&bytes, MessageLimits::NONE).expect("readable frames");
                self.heard.extend(frames.into_iter().filter_map(|heard| match heard {
                    Heard::Frame(frame) => Some(frame),
                    Heard::UnknownKind(_) => None,
                }));
            }
        }
        self.heard.pop_front().expect("a frame, as there is one")
    }
}
