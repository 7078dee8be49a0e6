//! From an HTTP request to a connection.

mod fallback;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::upgrade::OnUpgrade;
use tidewire_protocol::Codec;
use tungstenite::handshake::derive_accept_key;

use crate::clock::millis;
use crate::connection::{Connection, ConnectionId, Driver};
use crate::connections::{Admission, Full};
use crate::node::Inner;
use crate::outbox::Outbox;
use crate::request::Caller;
use crate::socket::{self, WriteHalf};
use crate::{Credentials, Node};

/// The node's own routes.
pub(crate) fn router(node: Node) -> Router {
    Router::new().route("/v1/connect", get(connect).post(fallback::answer)).with_state(node)
}

async fn connect(State(node): State<Node>, mut request: Request) -> Response {
    let Some((key, codec)) = asked_for(request.headers()) else {
        return refused("upgrade", StatusCode::BAD_REQUEST, NO_UPGRADE);
    };
    let door = door(&request);
    let (id, admission) = match admit(&node, door.remote) {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    node.0.links.spawn(serve(node.0.clone(), upgrade, codec, id, admission, door));
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let Ok(accept) = accept else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(codec.subprotocol())),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// What a request shows at the door.
fn door(request: &Request) -> Credentials {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Credentials {
        token: None,
        remote: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0),
        origin: text(header::ORIGIN),
        host: text(header::HOST),
    }
}

/// Takes a place for a new connection, or says why there is none.
fn admit(node: &Node, remote: Option<SocketAddr>) -> Result<(ConnectionId, Admission), Box<Response>> {
    if node.is_draining() {
        // The next attempt on this TCP connection, which a balancer may keep, would come here again.
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        let refused = refused("draining", StatusCode::SERVICE_UNAVAILABLE, "this node is going away");
        return Err(Box::new((close, refused).into_response()));
    }
    let full = match node.0.connections.admit(&node.settings().limits, remote.map(|remote| remote.ip())) {
        Ok(admitted) => return Ok(admitted),
        Err(full) => full,
    };
    Err(Box::new(match full {
        Full::Node => {
            refused("node", StatusCode::SERVICE_UNAVAILABLE, "as many connections as this node takes")
        }
        Full::Address => {
            refused("address", StatusCode::TOO_MANY_REQUESTS, "as many connections as one address may have")
        }
    }))
}

#[cfg(feature = "simulation")]
impl Node {
    /// Serves a WebSocket of this process as if it had come through `/v1/connect`. `false`: as full or on its way
    /// out, the node takes none.
    pub fn connect<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static>(
        &self,
        stream: S,
        codec: Codec,
    ) -> bool {
        let admitted = self.0.connections.admit(&self.settings().limits, None);
        let Some((id, admission)) = admitted.ok().filter(|_| !self.is_draining()) else { return false };
        let (reads, writes) = socket::halves(stream);
        let connection = open(&self.0, writes, codec, id, Credentials::default());
        let caller = Caller { node: self.0.clone(), connection };
        self.0.links.spawn(Driver::new(caller, admission, reads, Vec::new()));
        true
    }
}

async fn serve(
    node: Arc<Inner>,
    upgrade: OnUpgrade,
    codec: Codec,
    id: ConnectionId,
    admission: Admission,
    door: Credentials,
) {
    let Ok(upgraded) = upgrade.await else { return };
    let (read, reads, writes) = socket::upgraded(upgraded);
    let connection = open(&node, writes, codec, id, door);
    // A task of its own, without room for what came before.
    let links = node.links.clone();
    links.spawn(Driver::new(Caller { node, connection }, admission, reads, read));
}

/// A WebSocket that is open.
fn open(
    node: &Inner,
    socket: WriteHalf,
    codec: Codec,
    id: ConnectionId,
    door: Credentials,
) -> Arc<Connection> {
    let outbox = Outbox::new(node.settings.limits.outbox_bytes, codec, socket);
    let lifetime = node.settings.connection_age.map(lifetime);
    let connection = Arc::new(Connection::new(id, outbox, node.clock, door, lifetime));
    node.connections.insert(connection.clone());
    metrics::counter!("tidewire_connections_total").increment(1);
    connection
}

/// Milliseconds until a connection is asked to move: those that came together do not go together.
fn lifetime(age: Duration) -> u64 {
    let most = millis(age);
    rand::random_range(most - most / 4..=most)
}

/// The key and the codec of a WebSocket's opening handshake (RFC 6455, 4.2.1); `None` if it is not one for us.
fn asked_for(headers: &HeaderMap) -> Option<(HeaderValue, Codec)> {
    let tokens = |name| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    let upgrades = tokens(header::CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"))
        && tokens(header::UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"))
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let codec = Codec::ALL
        .into_iter()
        .find(|codec| tokens(header::SEC_WEBSOCKET_PROTOCOL).any(|token| token == codec.subprotocol()))?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    upgrades.then(|| (key.clone(), codec))
}

fn refused(why: &'static str, status: StatusCode, reason: &'static str) -> Response {
    metrics::counter!("tidewire_connections_refused_total", "why" => why).increment(1);
    (status, reason).into_response()
}

const NO_UPGRADE: &str =
    "this is a WebSocket endpoint, for the subprotocols tidewire.v1.postcard and tidewire.v1.json";
