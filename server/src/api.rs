//! The HTTP API under `/v1`, for servers that publish and read without a WebSocket.

mod admin;
mod answer;
mod caller;
mod history;
mod presence;
mod publish;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tidewire_protocol::{ChannelName, RefusalCode};
use tower_http::timeout::TimeoutLayer;

use crate::Node;
use crate::auth::{ApiKey, Mode};
pub(crate) use admin::{Leaving, Standing};
use answer::Refused;

/// Who may use the HTTP API.
#[derive(Clone, Debug, Default)]
pub struct ApiAccess {
    /// Whoever shows one of these.
    pub keys: Vec<ApiKey>,
    /// And, when developing, whoever is at this machine.
    pub mode: Mode,
}

/// What every request of the API needs.
struct Api {
    node: Node,
    access: ApiAccess,
}

/// The API of a node: `POST /v1/publish`, `GET /v1/channels/{channel}/history` and `/presence`, and below `/v1/admin` what its
/// operators ask of it.
///
/// [`ApiAccess::mode`] needs the peer's address: serve with
/// [`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info).
pub fn router(node: Node, access: ApiAccess) -> Router {
    let limits = &node.settings().limits;
    // The largest payload in base64, and the words around it.
    let body_bytes = limits.message_bytes.saturating_mul(4) / 3 + 4096;
    let patience = limits.message_within + node.settings().backbone_patience;
    Router::new()
        .route("/v1/publish", post(publish::publish))
        .route("/v1/channels/{channel}/history", get(history::history))
        .route("/v1/channels/{channel}/presence", get(presence::presence))
        .route("/v1/admin/node", get(admin::standing))
        .route("/v1/admin/drain", post(admin::drain))
        .route("/v1/admin/shed", post(admin::shed))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, patience))
        .with_state(Arc::new(Api { node, access }))
}

/// The channel that a path names.
fn channel(name: &str) -> Result<ChannelName, Refused> {
    name.parse().map_err(|error| Refused::new(RefusalCode::BadChannel, format!("{name:?}: {error}")))
}
