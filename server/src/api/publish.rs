use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use tidewire_backbone::Appended;
use tidewire_protocol::{ChannelName, Payload, Position, RefusalCode};

use super::Api;
use super::answer::Refused;
use super::caller::Caller;
use crate::Author;

/// Longer idempotency keys are refused.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// What is published, in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    channel: String,
    // A null is data too.
    #[serde(default, deserialize_with = "given")]
    data: Option<Box<RawValue>>,
    bytes: Option<String>,
    user: Option<String>,
}

/// Where it is.
#[derive(Serialize)]
pub(super) struct Receipt {
    /// Absent in a namespace that keeps no log, and where the position of a repeated publish is no longer known.
    position: Option<Position>,
    /// The log had it already.
    repeated: bool,
}

pub(super) async fn publish(
    State(api): State<Arc<Api>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, Refused> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refused::new(RefusalCode::TooLarge, "the request's body is too large")
        }
        _ => Refused::new(RefusalCode::Malformed, "the request's body did not arrive whole"),
    })?;
    let wish: Wish = serde_json::from_slice(&body)
        .map_err(|error| Refused::new(RefusalCode::Malformed, format!("the body cannot be read: {error}")))?;
    let channel: ChannelName = wish
        .channel
        .parse()
        .map_err(|error| Refused::new(RefusalCode::BadChannel, format!("{:?}: {error}", wish.channel)))?;
    caller.publish_in(&channel)?;
    let author = match idempotency_key(&headers)? {
        Some(key) => caller.author(key),
        None => Author::once(),
    };
    let author = Author { user: wish.user, ..author };
    let payload = payload(wish.data, wish.bytes.as_deref())?;
    match api.node.publish(&channel, payload, author).await? {
        Appended::Accepted { position, .. } => Ok(Json(Receipt { position, repeated: false })),
        Appended::Old { position } => Ok(Json(Receipt { position, repeated: true })),
        // The first seq of a publisher has nothing before it.
        Appended::Behind { .. } => {
            Err(Refused::new(RefusalCode::Unavailable, "the log cannot take it now, try again later"))
        }
    }
}

fn payload(data: Option<Box<RawValue>>, bytes: Option<&str>) -> Result<Payload, Refused> {
    match (data, bytes) {
        (Some(data), None) => Ok(Payload::Json(Bytes::from(String::from(Box::<str>::from(data))))),
        (None, Some(bytes)) => match STANDARD.decode(bytes) {
            Ok(bytes) => Ok(Payload::Binary(bytes.into())),
            Err(_) => Err(Refused::new(RefusalCode::BadPayload, "`bytes` is not base64 (RFC 4648, padded)")),
        },
        (Some(_), Some(_)) | (None, None) => {
            Err(Refused::new(RefusalCode::BadPayload, "give either `data` (any JSON) or `bytes` (base64)"))
        }
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) => Ok(Some(key)),
        Ok(_) | Err(_) => {
            Err(Refused::new(RefusalCode::Malformed, "an Idempotency-Key has 1 to 255 ASCII characters"))
        }
    }
}
