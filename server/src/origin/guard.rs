use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};

use crate::origin::Origins;

/// Puts the list of origins in front of every route that `router` has by now; 403 with a reason for others.
pub fn guard(router: Router, origins: Origins) -> Router {
    router.route_layer(from_fn_with_state(Arc::new(origins), judge))
}

async fn judge(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    // An origin that is not even text is a wrong one, not none.
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let Err(error) = origins.judge(origin) else {
        return next.run(request).await;
    };
    metrics::counter!("tidewire_origins_refused_total").increment(1);
    tracing::info!(%error, "a page was refused");
    let body = serde_json::json!({ "code": "forbidden", "reason": error.to_string() });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}
