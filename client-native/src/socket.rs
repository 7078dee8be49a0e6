use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Sink, SinkExt, Stream};
use tidewire_protocol::codec::binary;
use tidewire_protocol::{ClientFrame, Codec};
use tidewire_session::LinkEvent;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One WebSocket, from its first byte to its last, as the session sees it: frames out, link events in.
pub(crate) struct Socket {
    stage: Stage,
    /// Messages that the WebSocket has not taken yet.
    waiting: VecDeque<Message>,
}

enum Stage {
    Opening(BoxFuture<'static, Result<WebSocket, Error>>),
    Open(Box<WebSocket>),
    Closed,
}

/// More messages than this wait for a socket: no further commands are taken until it has written some.
const CONGESTED: usize = 32;
/// How long a socket may take to say that it closes.
const FAREWELL: Duration = Duration::from_secs(1);

impl Socket {
    pub(crate) fn open(uri: Uri) -> Self {
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(Codec::Binary.subprotocol());
        let config = WebSocketConfig::default().read_buffer_size(16 << 10).write_buffer_size(16 << 10);
        let opening = async move {
            let (socket, _) = connect_async_with_config(request, Some(config), true).await?;
            Ok(socket)
        };
        Self { stage: Stage::Opening(Box::pin(opening)), waiting: VecDeque::new() }
    }

    pub(crate) fn send(&mut self, frames: &[ClientFrame]) {
        let mut message = Vec::new();
        for frame in frames {
            Codec::Binary.encode(frame, &mut message);
        }
        self.waiting.push_back(Message::Binary(Bytes::from(message)));
    }

    pub(crate) fn is_congested(&self) -> bool {
        self.waiting.len() > CONGESTED
    }

    /// Writes what waits, reads what comes: the next thing that happens.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<LinkEvent> {
        match &mut self.stage {
            Stage::Opening(opening) => {
                let event = match ready!(opening.as_mut().poll(context)) {
                    Ok(socket) => {
                        self.stage = Stage::Open(Box::new(socket));
                        LinkEvent::Opened
                    }
                    Err(error) => self.fail(&error),
                };
                Poll::Ready(event)
            }
            Stage::Open(socket) => {
                let wrote = write(socket, &mut self.waiting, context);
                if let Poll::Ready(Err(error)) = wrote {
                    return Poll::Ready(self.fail(&error));
                }
                loop {
                    match ready!(Pin::new(&mut *socket).poll_next(context)) {
                        Some(Ok(message)) => {
                            if let Some(event) = heard(message) {
                                return Poll::Ready(event);
                            }
                        }
                        Some(Err(error)) => return Poll::Ready(self.fail(&error)),
                        None => return Poll::Ready(self.fail(&Error::ConnectionClosed)),
                    }
                }
            }
            Stage::Closed => Poll::Pending,
        }
    }

    fn fail(&mut self, error: &Error) -> LinkEvent {
        self.stage = Stage::Closed;
        LinkEvent::Closed { code: None, reason: error.to_string() }
    }

    /// Says farewell, in bounded time.
    pub(crate) async fn close(self, code: u16) {
        let Stage::Open(mut socket) = self.stage else { return };
        let farewell = async {
            for message in self.waiting {
                socket.send(message).await?;
            }
            // Not the box's own `close`, which it has as a sink where some other crate wants boxes to be sinks.
            (*socket).close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() })).await
        };
        // Whether it was heard makes no difference.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// Hands messages to the WebSocket as it takes them, and flushes.
fn write(
    socket: &mut WebSocket,
    waiting: &mut VecDeque<Message>,
    context: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    let mut socket = Pin::new(socket);
    while !waiting.is_empty() {
        ready!(socket.as_mut().poll_ready(context))?;
        if let Some(message) = waiting.pop_front() {
            socket.as_mut().start_send(message)?;
        }
    }
    socket.poll_flush(context)
}

/// What a message means; `None` for the WebSocket's own.
fn heard(message: Message) -> Option<LinkEvent> {
    match message {
        Message::Binary(bytes) => Some(match binary::known(&bytes) {
            Ok(frames) => LinkEvent::Received(frames),
            Err(fault) => LinkEvent::Garbled(fault.to_string()),
        }),
        Message::Text(_) => Some(LinkEvent::Garbled("a text message where binary ones are spoken".into())),
        Message::Close(frame) => Some(match frame {
            Some(frame) => {
                LinkEvent::Closed { code: Some(frame.code.into()), reason: frame.reason.to_string() }
            }
            None => LinkEvent::Closed { code: None, reason: String::new() },
        }),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
    }
}
