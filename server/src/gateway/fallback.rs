//! `POST /v1/connect`: connections for clients to which no WebSocket opens. Requests are such as browsers send to other
//! origins without asking first: no header is their own, all is in the query.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;

use super::{Speech, admit, door, link, refused};
use crate::socket::{ReadHalf, WriteHalf};
use crate::tunnel::{self, Down, Outcome, Registered, Tunnel, UP_BYTES, Up};
use crate::{Credentials, Node};

/// What a request wants: to open a connection, or something of an open one.
#[derive(Deserialize)]
pub(super) struct Wish {
    way: Option<Way>,
    protocol: Option<String>,
    link: Option<String>,
    number: Option<u64>,
    arrived: Option<u64>,
}

/// How a connection says something.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// In one response that goes on.
    Stream,
    /// In one response after the other.
    Poll,
}

pub(super) async fn answer(State(node): State<Node>, wish: Query<Wish>, request: Request) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = match wish.0 {
        Wish { link: Some(link), number, arrived, .. } => serve(&node, &link, number, arrived, request).await,
        Wish { way: Some(way), protocol, .. } => begin(&node, way, protocol.as_deref(), door(&request)).await,
        Wish { way: None, link: None, .. } => refused("tunnel", StatusCode::BAD_REQUEST, NO_WAY),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // As nginx reads it: pass on what comes when it comes.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    // Who may not connect was refused before: the same pages as with a WebSocket may read this.
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// Opens a connection.
async fn begin(node: &Node, way: Way, protocol: Option<&str>, door: Credentials) -> Response {
    let Some(speech) = Speech::ALL.into_iter().find(|speech| protocol == Some(speech.subprotocol())) else {
        return refused("tunnel", StatusCode::BAD_REQUEST, NO_WAY);
    };
    if tunnel::ready(&node.0.scope).await.is_err() {
        return refused(
            "backbone",
            StatusCode::SERVICE_UNAVAILABLE,
            "the nodes cannot reach each other now, try again later",
        );
    }
    let place = match admit(node, door.remote) {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let tunnels = &node.0.scope.tunnels;
    let name = tunnels.name();
    let (up, uploads) = Up::new();
    let (down, downloads) = Down::new(node.settings().limits.outbox_bytes, &text_frame(&name.to_string()));
    let (reads, writes) = (ReadHalf::Other(Box::new(uploads)), WriteHalf::Other(Box::new(downloads)));
    let link = link(node.0.clone(), speech, place, door, (Vec::new(), reads, writes));
    let registered = tunnels.register(name, Tunnel { up, down: down.clone() });
    let word = if way == Way::Stream { "stream" } else { "poll" };
    metrics::counter!("tidewire_tunnels_total", "way" => word).increment(1);
    match way {
        Way::Stream => {
            node.0.links.spawn(link);
            Body::from_stream(Pieces { down, _registered: registered }).into_response()
        }
        Way::Poll => {
            node.0.links.spawn(async move {
                link.await;
                drop(registered);
            });
            says(down.after(0, node.settings().limits.poll_wait).await)
        }
    }
}

/// Serves a connection that is open, on this node or on another.
async fn serve(
    node: &Node,
    link: &str,
    number: Option<u64>,
    arrived: Option<u64>,
    request: Request,
) -> Response {
    let Ok(id) = link.parse() else { return says(Outcome::Gone) };
    let scope: &Arc<_> = &node.0.scope;
    match (number, arrived) {
        (Some(number), None) => {
            let body = to_bytes(request.into_body(), UP_BYTES);
            match tokio::time::timeout(scope.limits.message_within, body).await {
                Ok(Ok(bytes)) => says(tunnel::up(scope, id, number, bytes).await),
                Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
                Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
            }
        }
        (None, Some(arrived)) => says(tunnel::down(scope, id, arrived).await),
        (Some(_), Some(_)) | (None, None) => refused("tunnel", StatusCode::BAD_REQUEST, NO_WAY),
    }
}

fn says(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Says(bytes) => bytes.into_response(),
        Outcome::Taken => StatusCode::NO_CONTENT.into_response(),
        Outcome::Gone => (StatusCode::GONE, "there is no such connection any more").into_response(),
        Outcome::OutOfStep => (StatusCode::CONFLICT, "a request is missing or was overtaken").into_response(),
        Outcome::Unreachable => {
            (StatusCode::SERVICE_UNAVAILABLE, "the connection's node does not answer").into_response()
        }
    }
}

/// A response that goes on; when it is dropped, the client is gone.
struct Pieces {
    down: Down,
    _registered: Registered,
}

impl Stream for Pieces {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.down.poll_piece(cx).map(|piece| piece.map(Ok))
    }
}

/// A short text of a server, as a WebSocket frame (RFC 6455, 5.2).
fn text_frame(text: &str) -> Vec<u8> {
    [&[0x81, text.len() as u8], text.as_bytes()].concat()
}

const NO_WAY: &str = "POST opens a connection with ?way=stream or poll and &protocol=tidewire.v1.postcard, \
                      tidewire.v1.json or tidewire.v1.shared, and serves it with ?link= and &number= or &arrived=";
