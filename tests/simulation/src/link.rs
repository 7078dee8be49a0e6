use futures_util::{SinkExt, StreamExt};
use tidewire_protocol::{ClientFrame, Codec, Heard, MessageLimits, ServerFrame};
use tidewire_session::LinkId;
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;
use tokio::time::{Duration, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// The client's end of one WebSocket within this process.
pub(crate) struct Link {
    codec: Codec,
    messages: UnboundedSender<Message>,
    stalls: UnboundedSender<Duration>,
    task: AbortHandle,
}

/// What comes out of a link.
pub(crate) struct News {
    pub(crate) client: usize,
    pub(crate) link: LinkId,
    pub(crate) what: Incoming,
}

pub(crate) enum Incoming {
    Frames(Vec<ServerFrame>),
    Garbled(String),
    Closed(Option<u16>),
}

impl Link {
    /// Speaks over a stream; what it hears goes to `news`.
    pub(crate) fn over(
        stream: DuplexStream,
        codec: Codec,
        (client, link): (usize, LinkId),
        news: UnboundedSender<News>,
    ) -> Self {
        let (messages, to_send) = mpsc::unbounded_channel();
        let (stalls, to_stall) = mpsc::unbounded_channel();
        let tell = move |what| {
            // Nobody listens when the world ends.
            let _ = news.send(News { client, link, what });
        };
        let task = tokio::spawn(async move {
            let config = WebSocketConfig::default().read_buffer_size(512).write_buffer_size(0);
            let (mut sink, stream) =
                WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await.split();
            let write = async {
                let mut to_send: UnboundedReceiver<Message> = to_send;
                while let Some(message) = to_send.recv().await {
                    if sink.send(message).await.is_err() {
                        // The reader finds out why.
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = read(stream, codec, to_stall, tell) => {}
                () = write => {}
            }
        });
        Self { codec, messages, stalls, task: task.abort_handle() }
    }

    pub(crate) fn send(&self, frames: &[ClientFrame]) {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| self.codec.encode(frame, &mut bytes));
        let message = match self.codec {
            Codec::Binary => Message::Binary(bytes.into()),
            Codec::Json => Message::Text(String::from_utf8_lossy(&bytes).as_ref().into()),
        };
        // A link that is closed already takes nothing.
        let _ = self.messages.send(message);
    }

    /// Reads nothing for so long.
    pub(crate) fn stall(&self, length: Duration) {
        let _ = self.stalls.send(length);
    }

    /// The stream ends now, for the node too.
    pub(crate) fn cut(self) {
        self.task.abort();
    }
}

async fn read(
    mut stream: impl StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
    codec: Codec,
    mut stalls: UnboundedReceiver<Duration>,
    tell: impl Fn(Incoming),
) {
    loop {
        tokio::select! {
            biased;
            Some(length) = stalls.recv() => sleep(length).await,
            message = stream.next() => match message {
                Some(Ok(Message::Binary(bytes))) => tell(decoded(codec, &bytes)),
                Some(Ok(Message::Text(text))) => tell(decoded(codec, text.as_bytes())),
                Some(Ok(Message::Close(frame))) => {
                    return tell(Incoming::Closed(frame.map(|frame| frame.code.into())));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => return tell(Incoming::Closed(None)),
            }
        }
    }
}

fn decoded(codec: Codec, message: &[u8]) -> Incoming {
    match codec.decode::<ServerFrame>(message, MessageLimits { frames: usize::MAX }) {
        Ok(heard) => Incoming::Frames(
            heard
                .into_iter()
                .filter_map(|heard| match heard {
                    Heard::Frame(frame) => Some(frame),
                    Heard::UnknownKind(_) => None,
                })
                .collect(),
        ),
        Err(error) => Incoming::Garbled(error.to_string()),
    }
}
