//! The limit server: what a server costs that does nothing but write. One thread, one epoll, one non-blocking write
//! of a ready frame for each subscriber. It has no log, no positions, no limits, no heartbeat and no second core.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::websocket::{self, Kind};

/// Serves until the process is killed.
///
/// A client says `S7` to subscribe to channel 7, and is answered `L`; `P7:…` publishes in it.
pub(crate) fn run(address: SocketAddr) -> anyhow::Result<()> {
    let mut listener = TcpListener::bind(address)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server { connections: Vec::new(), channels: HashMap::new() };
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 * 1024]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                server.accept(&listener, &poll)?;
                continue;
            }
            let nth = event.token().0;
            if event.is_writable() {
                server.flush(nth);
            }
            if event.is_readable() {
                server.read(nth, &mut buffer);
            }
        }
    }
}

const LISTENER: Token = Token(usize::MAX);

struct Server {
    connections: Vec<Option<Connection>>,
    channels: HashMap<Vec<u8>, Vec<usize>>,
}

struct Connection {
    stream: TcpStream,
    upgraded: bool,
    received: Vec<u8>,
    /// What the socket did not take at once.
    pending: Vec<u8>,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> anyhow::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.connections.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            let connection =
                Connection { stream, upgraded: false, received: Vec::new(), pending: Vec::new() };
            self.connections.push(Some(connection));
        }
    }

    fn read(&mut self, nth: usize, buffer: &mut [u8]) {
        loop {
            let Some(connection) = self.connections.get_mut(nth).and_then(Option::as_mut) else { return };
            match connection.stream.read(buffer) {
                Ok(0) => return self.close(nth),
                Ok(count) => connection.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.close(nth),
            }
        }
        while let Some(message) = self.next_message(nth) {
            self.handle(nth, &message);
        }
    }

    fn next_message(&mut self, nth: usize) -> Option<Vec<u8>> {
        let connection = self.connections.get_mut(nth)?.as_mut()?;
        if !connection.upgraded {
            websocket::take_http_head(&mut connection.received)?;
            connection.upgraded = true;
            let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                           Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
            connection.write(answer);
        }
        // A close ends with the connection.
        let message = websocket::take_message(&mut connection.received).ok().flatten();
        if connection.received.is_empty() {
            connection.received = Vec::new();
        }
        message
    }

    fn handle(&mut self, nth: usize, message: &[u8]) {
        match message.split_first() {
            Some((b'S', channel)) => {
                self.channels.entry(channel.to_vec()).or_default().push(nth);
                if let Some(connection) = &mut self.connections[nth] {
                    let mut live = Vec::new();
                    websocket::server_message(Kind::Text, b"L", &mut live);
                    connection.write(&live);
                }
            }
            Some((b'P', rest)) => {
                let Some(colon) = memchr::memchr(b':', rest) else { return };
                let Some(subscribers) = self.channels.get(&rest[..colon]) else { return };
                let mut frame = Vec::new();
                websocket::server_message(Kind::Text, &rest[colon + 1..], &mut frame);
                for &subscriber in subscribers {
                    if let Some(connection) = &mut self.connections[subscriber] {
                        connection.write(&frame);
                    }
                }
            }
            _ => {}
        }
    }

    fn flush(&mut self, nth: usize) {
        if let Some(connection) = self.connections.get_mut(nth).and_then(Option::as_mut)
            && !connection.pending.is_empty()
        {
            let pending = std::mem::take(&mut connection.pending);
            connection.write(&pending);
        }
    }

    fn close(&mut self, nth: usize) {
        self.connections[nth] = None;
    }
}

impl Connection {
    fn write(&mut self, bytes: &[u8]) {
        let written = match self.pending.is_empty() {
            true => self.stream.write(bytes).unwrap_or(0),
            false => 0,
        };
        self.pending.extend_from_slice(&bytes[written..]);
    }
}
