//! A node on a free port, and clients that speak the protocol as people would write it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tidewire_backbone::{Appended, Arrivals, Backbone, Faults, FaultyBackbone, MemoryBackbone, MemoryConfig};
use tidewire_protocol::Payload;
use tidewire_server::{AllowAll, Author, Namespaces, Node, Policy, Server, Settings, Stage, Switches};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::fallible::FallibleBackbone;

/// A node that listens.
pub(crate) struct TestNode<B = MemoryBackbone> {
    pub(crate) node: Node,
    pub(crate) address: SocketAddr,
    pub(crate) backbone: Arc<B>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// What tests begin with: anything goes in any namespace.
pub(crate) fn settings() -> Settings {
    Settings { namespaces: Namespaces::open(), ..Settings::default() }
}

/// A node of its own.
pub(crate) async fn node() -> TestNode {
    node_with(settings(), AllowAll).await
}

/// A node of its own, with settings and a policy.
pub(crate) async fn node_with(settings: Settings, policy: impl Policy) -> TestNode {
    let (backbone, arrivals) = MemoryBackbone::new(MemoryConfig::default());
    start(settings, Arc::new(policy), Arc::new(backbone), arrivals).await
}

/// A node of its own in which mechanisms are switched off.
pub(crate) async fn node_switched(switches: Switches) -> TestNode {
    let (backbone, arrivals) = MemoryBackbone::new(MemoryConfig::default());
    start_switched(settings(), Arc::new(AllowAll), Arc::new(backbone), arrivals, switches).await
}

/// A node on a backbone that does what a test tells it, in which mechanisms are switched off.
pub(crate) async fn node_switched_on_a_fallible_log(switches: Switches) -> TestNode<FallibleBackbone> {
    let (backbone, arrivals) = FallibleBackbone::new();
    start_switched(settings(), Arc::new(AllowAll), backbone, arrivals, switches).await
}

/// A node on a backbone that does what a test tells it.
pub(crate) async fn node_on_a_fallible_log(settings: Settings) -> TestNode<FallibleBackbone> {
    let (backbone, arrivals) = FallibleBackbone::new();
    start(settings, Arc::new(AllowAll), backbone, arrivals).await
}

/// A node on logs that fail over, in which mechanisms are switched off.
pub(crate) async fn node_on(
    faults: &Faults,
    settings: Settings,
    switches: Switches,
) -> TestNode<FaultyBackbone> {
    let (backbone, arrivals) = faults.node();
    start_switched(settings, Arc::new(AllowAll), Arc::new(backbone), arrivals, switches).await
}

impl TestNode {
    /// Another node on the same logs.
    pub(crate) async fn another(&self) -> Self {
        let (backbone, arrivals) = self.backbone.another();
        start(self.node.settings().clone(), Arc::new(AllowAll), Arc::new(backbone), arrivals).await
    }
}

impl<B> TestNode<B> {
    /// Waits until the node has no channel any more.
    pub(crate) async fn leaves_deserted_channels(&self) {
        let left = async {
            while self.node.channels() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), left).await.expect("a channel is never left");
    }

    /// Waits until no client is left on a draining node.
    pub(crate) async fn is_drained(&self) {
        let drained = async {
            while self.node.stage() != Stage::Drained {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), drained).await.expect("the node is never drained");
    }

    /// Publishes through the node's handle, as a publisher of its own; answers the position.
    pub(crate) async fn publishes(&self, channel: &str, data: impl Into<Value>) -> String {
        let payload = Payload::Json(data.into().to_string().into());
        let appended = self.node.publish(&channel.parse().unwrap(), payload, Author::once()).await;
        let Ok(Appended::Accepted { position: Some(position), .. }) = appended else {
            panic!("not accepted: {appended:?}")
        };
        position.to_string()
    }

    /// A socket that has said nothing yet.
    pub(crate) async fn dial(&self) -> Client {
        self.try_dial().await.unwrap()
    }

    /// The same, where it may be refused.
    pub(crate) async fn try_dial(&self) -> Result<Client, tungstenite::Error> {
        dial(self.address).await
    }

    /// A connection that is greeted, with a publisher of this number.
    pub(crate) async fn connect(&self, publisher: u64) -> Client {
        let mut client = self.dial().await;
        client.say(json!({"hello": {"sdk": "test", "publisher": format!("{publisher:016x}")}})).await;
        client.hears("welcome").await;
        client
    }
}

/// A socket to a node, that has said nothing yet.
pub(crate) async fn dial(address: SocketAddr) -> Result<Client, tungstenite::Error> {
    dial_speaking(address, "tidewire.v1.json").await
}

/// The same in one of these subprotocols.
pub(crate) async fn dial_speaking(
    address: SocketAddr,
    subprotocols: &str,
) -> Result<Client, tungstenite::Error> {
    let mut request = format!("ws://{address}/v1/connect").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", subprotocols.parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    Ok(Client { socket, frames: Vec::new() })
}

/// A node on any backbone.
pub(crate) async fn start<B: Backbone>(
    settings: Settings,
    policy: Arc<dyn Policy>,
    backbone: Arc<B>,
    arrivals: Arrivals,
) -> TestNode<B> {
    start_switched(settings, policy, backbone, arrivals, Switches::default()).await
}

async fn start_switched<B: Backbone>(
    settings: Settings,
    policy: Arc<dyn Policy>,
    backbone: Arc<B>,
    arrivals: Arrivals,
    switches: Switches,
) -> TestNode<B> {
    let builder = Server::builder(settings).switches(switches);
    let server = builder.backbone(backbone.clone(), arrivals).policy(policy).build();
    let node = server.node();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let router = server.router();
        let stopped = async {
            let _ = stopped.await;
        };
        server.serve(listener, router, stopped).await.unwrap();
    });
    TestNode { node, address, backbone, _stop: stop }
}

/// One client's socket.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    frames: Vec<Value>,
}

impl Client {
    /// Sends one frame as a message.
    pub(crate) async fn say(&mut self, frame: Value) {
        self.say_raw(&frame.to_string()).await;
    }

    /// Sends several frames as one message.
    pub(crate) async fn say_all(&mut self, frames: impl IntoIterator<Item = Value>) {
        let lines: Vec<String> = frames.into_iter().map(|frame| frame.to_string()).collect();
        self.say_raw(&lines.join("\n")).await;
    }

    /// Sends a text.
    pub(crate) async fn say_raw(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any message.
    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The same, where the server may have ended the connection. `false`: it has.
    pub(crate) async fn sends(&mut self, message: Message) -> bool {
        self.socket.send(message).await.is_ok()
    }

    /// The stream below, for what no WebSocket would send.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// The next frame that is no ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            while self.frames.is_empty() {
                match self.message().await {
                    Message::Text(text) => {
                        let lines = text.lines().rev();
                        self.frames = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
                    }
                    Message::Close(frame) => panic!("closed: {frame:?}"),
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            }
            let frame = self.frames.pop().unwrap();
            if frame.get("ping").is_none() {
                return frame;
            }
        }
    }

    /// A ping comes.
    pub(crate) async fn hears_ping(&mut self) {
        while self.message().await != Message::text("{\"ping\":{}}\n") {}
    }

    /// The content of the next frame, which has to be of this kind.
    pub(crate) async fn hears(&mut self, kind: &str) -> Value {
        let mut frame = self.next().await;
        match frame.get_mut(kind) {
            Some(content) => content.take(),
            None => panic!("expected {kind}, heard {frame}"),
        }
    }

    /// The payloads of the next publications.
    pub(crate) async fn hears_publications(&mut self, count: usize) -> Vec<Value> {
        let mut payloads = Vec::new();
        for _ in 0..count {
            payloads.push(self.hears("publication").await["data"].take());
        }
        payloads
    }

    /// The payloads of so many publications, among so many `published`.
    pub(crate) async fn hears_publications_and_answers(
        &mut self,
        count: usize,
        answers: usize,
    ) -> Vec<Value> {
        let (mut payloads, mut heard) = (Vec::new(), 0);
        while payloads.len() < count || heard < answers {
            let mut frame = self.next().await;
            match frame.get_mut("publication") {
                Some(publication) => payloads.push(publication["data"].take()),
                None => heard += usize::from(frame.get("published").is_some()),
            }
        }
        payloads
    }

    /// The code and the reason with which the server ends the connection.
    pub(crate) async fn hears_close(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.message().await {
                let frame = frame.unwrap();
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    /// Comes back with positions; answers the `subscribed`.
    pub(crate) async fn resumes(&mut self, channel: &str, since: &[&str]) -> Value {
        self.say(json!({"subscribe": {"id": 1, "channel": channel, "since": since}})).await;
        self.hears("subscribed").await
    }

    /// Subscribes afresh; answers the `subscribed`.
    pub(crate) async fn subscribes(&mut self, channel: &str) -> Value {
        self.say(json!({"subscribe": {"id": 1, "channel": channel}})).await;
        self.hears("subscribed").await
    }

    /// Publishes; answers its position.
    pub(crate) async fn publishes(&mut self, channel: &str, seq: u64, data: impl Into<Value>) -> String {
        self.say(publish(channel, seq, data)).await;
        loop {
            let frame = self.next().await;
            if let Some(published) = frame.get("published") {
                return published["position"].as_str().unwrap().to_owned();
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Message {
        let next = tokio::time::timeout(Duration::from_secs(10), self.socket.next());
        next.await.expect("nothing came").expect("the socket ended").expect("a readable message")
    }
}

/// A publish frame.
pub(crate) fn publish(channel: &str, seq: u64, data: impl Into<Value>) -> Value {
    json!({"publish": {"id": seq, "channel": channel, "seq": seq, "data": data.into()}})
}

/// Waits until something is so.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it never comes true");
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
