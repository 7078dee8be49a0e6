//! From an HTTP request to a connection.

mod fallback;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::Either;
use hyper::upgrade::OnUpgrade;
use tidewire_protocol::Codec;
use tungstenite::handshake::derive_accept_key;

use crate::connection::{Connection, ConnectionId, Driver, SharedSocket};
use crate::connections::{Admission, Full};
use crate::node::Inner;
use crate::request::Caller;
use crate::socket::{self, ReadHalf, WriteHalf};
use crate::{Credentials, Node};

/// The node's own routes.
pub(crate) fn router(node: Node) -> Router {
    Router::new().route("/v1/connect", get(connect).post(fallback::answer)).with_state(node)
}

/// What is said over a socket, by its subprotocol.
#[derive(Clone, Copy)]
enum Speech {
    /// Several connections, each in the binary codec.
    Shared,
    /// One connection.
    Alone(Codec),
}

impl Speech {
    /// All, in the order in which they are preferred.
    const ALL: [Self; 3] = [Self::Shared, Self::Alone(Codec::Binary), Self::Alone(Codec::Json)];

    const fn subprotocol(self) -> &'static str {
        match self {
            Self::Shared => "tidewire.v1.shared",
            Self::Alone(codec) => codec.subprotocol(),
        }
    }
}

async fn connect(State(node): State<Node>, mut request: Request) -> Response {
    let Some((key, speech)) = asked_for(request.headers()) else {
        return refused("upgrade", StatusCode::BAD_REQUEST, NO_UPGRADE);
    };
    let door = door(&request);
    let place = match admit(&node, door.remote) {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    node.0.links.spawn(serve(node.0.clone(), upgrade, speech, place, door));
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let Ok(accept) = accept else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(speech.subprotocol())),
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
        let speech = Speech::Alone(codec);
        let socket = (Vec::new(), reads, writes);
        self.0.links.spawn(link(self.0.clone(), speech, (id, admission), Credentials::default(), socket));
        true
    }
}

async fn serve(
    node: Arc<Inner>,
    upgrade: OnUpgrade,
    speech: Speech,
    place: (ConnectionId, Admission),
    door: Credentials,
) {
    let Ok(upgraded) = upgrade.await else { return };
    // A task of its own, without room for what came before.
    let links = node.links.clone();
    links.spawn(link(node, speech, place, door, socket::upgraded(upgraded)));
}

/// What serves a connection, or several over one socket, until they end.
fn link(
    node: Arc<Inner>,
    speech: Speech,
    place: (ConnectionId, Admission),
    door: Credentials,
    socket: (Vec<u8>, ReadHalf, WriteHalf),
) -> Either<Driver, Box<SharedSocket>> {
    match speech {
        Speech::Shared => Either::Right(Box::new(SharedSocket::new(node, place, door, socket))),
        Speech::Alone(codec) => {
            let ((id, admission), (read, reads, writes)) = (place, socket);
            let connection = Connection::open(&node, writes, codec, id, door);
            Either::Left(Driver::new(Caller { node, connection }, admission, reads, read))
        }
    }
}

/// The key and the speech of a WebSocket's opening handshake (RFC 6455, 4.2.1); `None` if it is not one for us.
fn asked_for(headers: &HeaderMap) -> Option<(HeaderValue, Speech)> {
    let tokens = |name| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    let upgrades = tokens(header::CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"))
        && tokens(header::UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"))
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let speech = Speech::ALL
        .into_iter()
        .find(|speech| tokens(header::SEC_WEBSOCKET_PROTOCOL).any(|token| token == speech.subprotocol()))?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    upgrades.then(|| (key.clone(), speech))
}

fn refused(why: &'static str, status: StatusCode, reason: &'static str) -> Response {
    metrics::counter!("tidewire_connections_refused_total", "why" => why).increment(1);
    (status, reason).into_response()
}

const NO_UPGRADE: &str =
    "this is a WebSocket endpoint, for tidewire.v1.postcard, tidewire.v1.json and tidewire.v1.shared";
