//! A client that speaks the protocol over plain requests, as a browser behind a bad proxy would.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Tunnel {
    link: String,
    addresses: Vec<SocketAddr>,
    turn: usize,
    said: u64,
    arrived: u64,
    /// The response that goes on; without it the client polls.
    stream: Option<BufReader<TcpStream>>,
    bytes: Vec<u8>,
    frames: VecDeque<Value>,
    messages: VecDeque<Vec<u8>>,
    closed: Option<u16>,
}

impl Tunnel {
    pub(crate) async fn streams(address: SocketAddr) -> Self {
        Self::streams_speaking(address, "tidewire.v1.json").await
    }

    pub(crate) async fn streams_speaking(address: SocketAddr, protocol: &str) -> Self {
        let mut stream = begin(address, &format!("way=stream&protocol={protocol}"), b"").await;
        assert_eq!(head(&mut stream).await, 200);
        Self::named(address, Some(stream)).await
    }

    pub(crate) async fn polls(address: SocketAddr) -> Self {
        Self::polls_speaking(address, "tidewire.v1.json").await
    }

    pub(crate) async fn polls_speaking(address: SocketAddr, protocol: &str) -> Self {
        let mut tunnel = Self::new(address, None);
        let (status, bytes) = ask(address, &format!("way=poll&protocol={protocol}"), b"").await;
        assert_eq!(status, 200);
        tunnel.takes(&bytes);
        tunnel
    }

    async fn named(address: SocketAddr, stream: Option<BufReader<TcpStream>>) -> Self {
        let mut tunnel = Self::new(address, stream);
        while tunnel.link.is_empty() {
            tunnel.fetches().await;
        }
        tunnel
    }

    fn new(address: SocketAddr, stream: Option<BufReader<TcpStream>>) -> Self {
        Self {
            link: String::new(),
            addresses: vec![address],
            turn: 0,
            said: 0,
            arrived: 0,
            stream,
            bytes: Vec::new(),
            frames: VecDeque::new(),
            messages: VecDeque::new(),
            closed: None,
        }
    }

    /// From now on its requests go to each of these in turn.
    pub(crate) fn goes_to(&mut self, addresses: &[SocketAddr]) {
        self.addresses = addresses.to_vec();
    }

    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// Some number that no other has.
    pub(crate) fn number(&self) -> u64 {
        u64::from_str_radix(&self.link[16..32], 16).unwrap()
    }

    pub(crate) async fn says(&mut self, frame: Value) {
        self.said += 1;
        self.sends(&frame).await;
    }

    pub(crate) async fn says_bytes(&mut self, message: &[u8]) {
        self.said += 1;
        self.sends_frame(&masked(0x82, message)).await;
    }

    /// As browsers do that do not know whether a request has arrived.
    pub(crate) async fn says_twice(&mut self, frame: Value) {
        self.says(frame.clone()).await;
        self.sends(&frame).await;
    }

    async fn sends(&mut self, frame: &Value) {
        self.sends_frame(&masked(0x81, frame.to_string().as_bytes())).await;
    }

    async fn sends_frame(&mut self, frame: &[u8]) {
        let query = format!("link={}&number={}", self.link, self.said);
        let (status, _) = ask(self.address(), &query, frame).await;
        assert_eq!(status, 204, "{frame:?}");
    }

    /// A response comes that never arrives.
    pub(crate) async fn loses_a_response(&mut self) {
        let (status, bytes) = self.asks().await;
        assert!(status == 200 && !bytes.is_empty());
    }

    /// One poll; how many bytes it brought.
    pub(crate) async fn polls_once(&mut self) -> usize {
        let (status, bytes) = self.asks().await;
        assert_eq!(status, 200);
        self.takes(&bytes);
        bytes.len()
    }

    /// The content of the next frame, which has to be of this kind.
    pub(crate) async fn hears(&mut self, kind: &str) -> Value {
        let mut frame = self.next().await;
        match frame.get_mut(kind) {
            Some(content) => content.take(),
            None => panic!("expected {kind}, heard {frame}"),
        }
    }

    /// The next frame that is no ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frames.pop_front() {
                Some(frame) if frame.get("ping").is_some() => {}
                Some(frame) => return frame,
                None => {
                    assert_eq!(self.closed, None, "closed");
                    self.fetches().await;
                }
            }
        }
    }

    /// The next binary message, or the code with which the server ends the connection.
    pub(crate) async fn message(&mut self) -> Result<Vec<u8>, u16> {
        loop {
            match (self.messages.pop_front(), self.closed) {
                (Some(message), _) => return Ok(message),
                (None, Some(code)) => return Err(code),
                (None, None) => self.fetches().await,
            }
        }
    }

    /// The code with which the server ends the connection.
    pub(crate) async fn hears_close(&mut self) -> u16 {
        loop {
            if let Some(code) = self.closed {
                return code;
            }
            self.fetches().await;
        }
    }

    async fn fetches(&mut self) {
        let fetching = async {
            match &mut self.stream {
                Some(stream) => chunk(stream).await,
                None => {
                    let (status, bytes) = self.asks().await;
                    assert_eq!(status, 200);
                    bytes
                }
            }
        };
        let bytes = tokio::time::timeout(Duration::from_secs(10), fetching).await.expect("nothing came");
        self.takes(&bytes);
    }

    async fn asks(&mut self) -> (u16, Vec<u8>) {
        let query = format!("link={}&arrived={}", self.link, self.arrived);
        ask(self.address(), &query, b"").await
    }

    fn address(&mut self) -> SocketAddr {
        self.turn += 1;
        self.addresses[self.turn % self.addresses.len()]
    }

    /// Reads the server's WebSocket frames (RFC 6455, 5.2).
    fn takes(&mut self, bytes: &[u8]) {
        self.arrived += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        while self.bytes.len() >= 2 {
            let (start, length) = match self.bytes[1] {
                126 if self.bytes.len() >= 4 => {
                    (4, usize::from(u16::from_be_bytes([self.bytes[2], self.bytes[3]])))
                }
                126 => return,
                127 => panic!("a message of more than 64 KiB"),
                length => (2, usize::from(length)),
            };
            if self.bytes.len() < start + length {
                return;
            }
            let frame: Vec<u8> = self.bytes.drain(..start + length).collect();
            let payload = &frame[start..];
            match frame[0] {
                0x81 if self.link.is_empty() => self.link = String::from_utf8(payload.to_vec()).unwrap(),
                0x81 => {
                    let lines = std::str::from_utf8(payload).unwrap().lines();
                    self.frames.extend(lines.map(|line| serde_json::from_str::<Value>(line).unwrap()));
                }
                0x82 => self.messages.push_back(payload.to_vec()),
                0x88 => self.closed = Some(u16::from_be_bytes([payload[0], payload[1]])),
                other => panic!("a frame that begins with {other:x}"),
            }
        }
    }
}

/// A client's message as a WebSocket frame, with a mask of zeros.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![opcode, 0x80 | 126];
    frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

async fn ask(address: SocketAddr, query: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = begin(address, query, body).await;
    let status = head(&mut stream).await;
    let mut bytes = Vec::new();
    // The server closes after its answer.
    stream.read_to_end(&mut bytes).await.unwrap();
    (status, bytes)
}

async fn begin(address: SocketAddr, query: &str, body: &[u8]) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/connect?{query} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    BufReader::new(socket)
}

/// Reads the head of an answer; gives the status.
async fn head(stream: &mut BufReader<TcpStream>) -> u16 {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
    }
    status
}

/// The next piece of a chunked body (RFC 9112, 7.1).
async fn chunk(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let length = usize::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("the stream has ended"));
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes.truncate(length);
    bytes
}
