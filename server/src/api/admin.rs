use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tidewire_protocol::RefusalCode;

use super::Api;
use super::answer::Refused;
use super::caller::Caller;
use crate::clock::millis;
use crate::{AlreadyDraining, Percent, Stage};

/// How a node stands.
#[derive(Deserialize, Serialize)]
pub(crate) struct Standing {
    pub(crate) node: String,
    pub(crate) stage: Stage,
    pub(crate) connections: usize,
}

/// What a drain that has begun will do.
#[derive(Deserialize, Serialize)]
pub(crate) struct Leaving {
    pub(crate) node: String,
    /// Clients that were asked to move.
    pub(crate) connections: usize,
    /// Who has not moved after so long is closed.
    pub(crate) within_ms: u64,
    /// Clients move at random moments of this time.
    pub(crate) spread_ms: u64,
}

/// How many of a node's connections are to move.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    percent: i64,
}

/// How many of them were asked.
#[derive(Serialize)]
pub(super) struct Shed {
    node: String,
    asked: usize,
    connections: usize,
}

pub(super) async fn standing(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<Standing>, Refused> {
    caller.administer()?;
    let (node, stage, connections) = (api.node.name().to_owned(), api.node.stage(), api.node.connections());
    Ok(Json(Standing { node, stage, connections }))
}

pub(super) async fn drain(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Result<(StatusCode, Json<Leaving>), Refused> {
    caller.administer()?;
    let (node, connections) = (api.node.name().to_owned(), api.node.connections());
    match api.node.start_draining() {
        Ok(()) => {
            tracing::info!(by = caller.name(), "asked to drain");
            let drain = api.node.settings().drain;
            let [within_ms, spread_ms] = [drain.within, drain.spread].map(millis);
            Ok((StatusCode::ACCEPTED, Json(Leaving { node, connections, within_ms, spread_ms })))
        }
        Err(AlreadyDraining) => Err(already_draining(&node, connections)),
    }
}

pub(super) async fn shed(
    State(api): State<Arc<Api>>,
    caller: Caller,
    share: Result<Query<Share>, QueryRejection>,
) -> Result<Json<Shed>, Refused> {
    caller.administer()?;
    let malformed = |reason| Refused::new(RefusalCode::Malformed, reason);
    let Query(Share { percent }) = share.map_err(|rejection| {
        malformed(format!("{}; say how many are to move, as ?percent=25", rejection.body_text()))
    })?;
    let share = u8::try_from(percent).ok().and_then(Percent::new);
    let share =
        share.ok_or_else(|| malformed(format!("percent goes from 1 to 100, it cannot be {percent}")))?;
    let (node, connections) = (api.node.name().to_owned(), api.node.connections());
    if api.node.is_draining() {
        return Err(already_draining(&node, connections));
    }
    let asked = api.node.shed(share);
    tracing::info!(by = caller.name(), percent, asked, "asked to shed connections");
    Ok(Json(Shed { node, asked, connections }))
}

fn already_draining(node: &str, connections: usize) -> Refused {
    Refused::draining(format!("{node} is draining already, {connections} connections are left"))
}
