use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use tidewire_protocol::RefusalCode;

use super::Api;
use super::answer::Refused;
use super::caller::Caller;
use crate::PresencePage;

/// Which page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    after: Option<String>,
    #[serde(default)]
    limit: u64,
}

pub(super) async fn presence(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(channel): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<PresencePage>, Refused> {
    let Query(which) =
        which.map_err(|rejection| Refused::new(RefusalCode::Malformed, rejection.body_text()))?;
    let channel = super::channel(&channel)?;
    caller.read(&channel)?;
    Ok(Json(api.node.presence(&channel, which.after.as_deref(), which.limit).await?))
}
