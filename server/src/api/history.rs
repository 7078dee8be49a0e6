use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use tidewire_protocol::{Position, Publication, RefusalCode, ResetReason};

use super::Api;
use super::answer::Refused;
use super::caller::Caller;

/// Which part of the log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    since: Option<String>,
    #[serde(default)]
    limit: u64,
}

/// What the log has there.
#[derive(Serialize)]
pub(super) struct Found {
    /// The log's newest position.
    position: Position,
    /// Oldest first.
    publications: Vec<Publication>,
    /// Ask again, since the last of these.
    more: bool,
    /// Why the position asked for is gone; the page then begins with the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<ResetReason>,
}

pub(super) async fn history(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(channel): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<Found>, Refused> {
    let Query(part) =
        part.map_err(|rejection| Refused::new(RefusalCode::Malformed, rejection.body_text()))?;
    let channel = super::channel(&channel)?;
    caller.read(&channel)?;
    let since = part.since.as_deref().map(str::parse::<Position>).transpose();
    let since = since.map_err(|error| Refused::new(RefusalCode::Malformed, format!("since: {error}")))?;
    let page = api.node.history(&channel, since, part.limit).await?;
    Ok(Json(Found {
        position: page.position,
        publications: page.publications,
        more: page.more,
        reset: page.reset,
    }))
}
