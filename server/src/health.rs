//! `/health/live` and `/health/ready`, for load balancers and orchestrators.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::Node;

/// The health of a node: alive as long as it answers; ready while it should be sent new connections.
pub fn router(node: Node) -> Router {
    Router::new()
        .route("/health/live", get(|| std::future::ready(Json(Alive { alive: true }))))
        .route("/health/ready", get(ready))
        .with_state(node)
}

#[derive(Serialize)]
struct Alive {
    alive: bool,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn ready(State(node): State<Node>) -> Response {
    let reason = match (node.is_draining(), node.is_ready()) {
        (true, _) => Some("the node is going away"),
        (false, false) => Some("the backbone cannot be reached"),
        (false, true) => None,
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready: reason.is_none(), reason })).into_response()
}
