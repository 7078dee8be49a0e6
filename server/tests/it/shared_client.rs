//! A client that speaks for several connections over one socket, as a browser does for its tabs.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use serde_json::{Value, json};
use tidewire_protocol::{ClientFrame, Codec, Heard, MessageLimits, ServerFrame};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Client, dial_speaking};
use crate::tunnel_client::Tunnel;

const PROTOCOL: &str = "tidewire.v1.shared";

/// One socket.
pub(crate) struct SharedClient {
    link: Link,
    frames: HashMap<u32, VecDeque<Value>>,
    closed: HashMap<u32, (u16, String)>,
}

enum Link {
    WebSocket(Box<Client>),
    Tunnel(Box<Tunnel>),
}

/// What a server says in one message.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// Frames, to each of these streams.
    Frames(Vec<u32>, Vec<Value>),
    /// These streams are closed.
    Closed(Vec<u32>, u16, String),
}

impl SharedClient {
    pub(crate) async fn dial(address: SocketAddr) -> Self {
        Self::over(Link::WebSocket(Box::new(dial_speaking(address, PROTOCOL).await.unwrap())))
    }

    pub(crate) async fn streams(address: SocketAddr) -> Self {
        Self::over(Link::Tunnel(Box::new(Tunnel::streams_speaking(address, PROTOCOL).await)))
    }

    pub(crate) async fn polls(address: SocketAddr) -> Self {
        Self::over(Link::Tunnel(Box::new(Tunnel::polls_speaking(address, PROTOCOL).await)))
    }

    fn over(link: Link) -> Self {
        Self { link, frames: HashMap::new(), closed: HashMap::new() }
    }

    /// Sends one frame of a stream.
    pub(crate) async fn say(&mut self, stream: u32, frame: Value) {
        self.send(message(stream, 1, &encoded(&frame))).await;
    }

    /// Says hello on a stream, and is welcome.
    pub(crate) async fn opens(&mut self, stream: u32) -> Value {
        self.say(stream, json!({"hello": {"sdk": "test", "publisher": format!("{stream:016x}")}})).await;
        self.hears(stream, "welcome").await
    }

    /// Subscribes on a stream, and is subscribed.
    pub(crate) async fn subscribes(&mut self, stream: u32, channel: &str) -> Value {
        self.say(stream, json!({"subscribe": {"id": 1, "channel": channel}})).await;
        self.hears(stream, "subscribed").await
    }

    /// The same on a new stream.
    pub(crate) async fn comes(&mut self, stream: u32, channel: &str) {
        self.opens(stream).await;
        self.subscribes(stream, channel).await;
    }

    pub(crate) async fn closes(&mut self, stream: u32) {
        self.send(message(stream, 2, &1000_u16.to_le_bytes())).await;
    }

    /// Sends any message, where the socket is still open. `false`: it is not.
    pub(crate) async fn sends(&mut self, message: Vec<u8>) -> bool {
        let Link::WebSocket(client) = &mut self.link else { panic!("it has no WebSocket") };
        client.sends(Message::binary(message)).await
    }

    /// Sends any message.
    pub(crate) async fn send(&mut self, message: Vec<u8>) {
        match &mut self.link {
            Link::WebSocket(client) => client.send(Message::binary(message)).await,
            Link::Tunnel(tunnel) => tunnel.says_bytes(&message).await,
        }
    }

    /// The stream below a WebSocket.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        let Link::WebSocket(client) = &mut self.link else { panic!("it has no WebSocket") };
        client.stream()
    }

    /// The content of a stream's next frame, which has to be of this kind.
    pub(crate) async fn hears(&mut self, stream: u32, kind: &str) -> Value {
        let mut frame = self.next(stream).await;
        match frame.get_mut(kind) {
            Some(content) => content.take(),
            None => panic!("stream {stream} expected {kind}, heard {frame}"),
        }
    }

    /// A stream's next frame that is no ping.
    pub(crate) async fn next(&mut self, stream: u32) -> Value {
        loop {
            if let Some(frame) = self.frames.get_mut(&stream).and_then(VecDeque::pop_front) {
                return frame;
            }
            assert!(!self.closed.contains_key(&stream), "stream {stream} is closed: {:?}", self.closed);
            let said = self.message().await;
            self.keep(said);
        }
    }

    /// The code and the reason with which the server ends a stream.
    pub(crate) async fn hears_closed(&mut self, stream: u32) -> (u16, String) {
        loop {
            if let Some(closed) = self.closed.remove(&stream) {
                return closed;
            }
            let said = self.message().await;
            self.keep(said);
        }
    }

    /// The code with which the server ends the socket.
    pub(crate) async fn hears_end(&mut self) -> u16 {
        loop {
            match self.receive().await {
                Ok(said) => self.keep(said),
                Err(code) => return code,
            }
        }
    }

    /// The server's next message that has more than pings in it.
    pub(crate) async fn message(&mut self) -> Said {
        loop {
            match self.receive().await {
                Ok(Said::Frames(_, frames)) if frames.is_empty() => {}
                Ok(said) => return said,
                Err(code) => panic!("the socket was closed: {code}"),
            }
        }
    }

    async fn receive(&mut self) -> Result<Said, u16> {
        let message = match &mut self.link {
            Link::WebSocket(client) => match client.message().await {
                Message::Binary(message) => message.to_vec(),
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                other @ (Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {
                    panic!("{other:?}")
                }
            },
            Link::Tunnel(tunnel) => tunnel.message().await?,
        };
        Ok(read(&message))
    }

    fn keep(&mut self, said: Said) {
        match said {
            Said::Frames(streams, frames) => {
                for stream in streams {
                    self.frames.entry(stream).or_default().extend(frames.iter().cloned());
                }
            }
            Said::Closed(streams, code, reason) => {
                self.closed.extend(streams.into_iter().map(|stream| (stream, (code, reason.clone()))));
            }
        }
    }
}

/// What a client sends for a stream.
pub(crate) fn message(stream: u32, kind: u8, rest: &[u8]) -> Vec<u8> {
    [&stream.to_le_bytes()[..], &[kind], rest].concat()
}

/// A client's frame in the binary codec.
pub(crate) fn encoded(frame: &Value) -> Vec<u8> {
    let heard = Codec::Json.decode::<ClientFrame>(frame.to_string().as_bytes(), ANY).unwrap();
    let [Heard::Frame(frame)] = &heard[..] else { panic!("{heard:?}") };
    let mut message = Vec::new();
    Codec::Binary.encode(frame, &mut message);
    message
}

/// What a server's message says.
pub(crate) fn read(message: &[u8]) -> Said {
    let (kind, count) = (message[0], usize::from(message[1]));
    let (streams, rest) = message[2..].split_at(4 * count);
    let streams = streams.chunks(4).map(|stream| u32::from_le_bytes(stream.try_into().unwrap())).collect();
    match kind {
        1 => Said::Frames(streams, frames(rest)),
        2 => {
            let code = u16::from_le_bytes([rest[0], rest[1]]);
            Said::Closed(streams, code, String::from_utf8(rest[2..].to_vec()).unwrap())
        }
        other => panic!("a message of kind {other}"),
    }
}

fn frames(message: &[u8]) -> Vec<Value> {
    let heard = Codec::Binary.decode::<ServerFrame>(message, ANY).unwrap().into_iter();
    let frames = heard.map(|heard| {
        let Heard::Frame(frame) = heard else { panic!("{heard:?}") };
        let mut line = Vec::new();
        Codec::Json.encode(&frame, &mut line);
        serde_json::from_slice::<Value>(&line).unwrap()
    });
    frames.filter(|frame| frame.get("ping").is_none()).collect()
}

const ANY: MessageLimits = MessageLimits { frames: 10_000 };
