use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use tidewire_protocol::{ChannelName, RefusalCode};

use super::Api;
use super::answer::Refused;
use crate::auth::ApiKey;
use crate::{Author, Credentials};

/// Who asks, once its API key is known.
#[derive(Debug)]
pub(super) enum Caller {
    Key(ApiKey),
    Developer,
}

impl Caller {
    pub(super) fn publish_in(&self, channel: &ChannelName) -> Result<(), Refused> {
        match self {
            Self::Key(key) if key.grants.may_publish(channel) => Ok(()),
            Self::Key(_) => Err(forbidden("publish in", channel)),
            Self::Developer => Ok(()),
        }
    }

    pub(super) fn read(&self, channel: &ChannelName) -> Result<(), Refused> {
        match self {
            Self::Key(key) if key.grants.may_subscribe(channel) => Ok(()),
            Self::Key(_) => Err(forbidden("read", channel)),
            Self::Developer => Ok(()),
        }
    }

    /// Whether it may move the node's clients elsewhere.
    pub(super) fn administer(&self) -> Result<(), Refused> {
        match self {
            Self::Key(key) if key.admin => Ok(()),
            Self::Key(key) => {
                let reason = format!("the API key of {:?} has no `admin = true`", key.name);
                Err(Refused::new(RefusalCode::Forbidden, reason))
            }
            Self::Developer => Ok(()),
        }
    }

    /// Who asks, for the log.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Key(key) => &key.name,
            Self::Developer => "a developer",
        }
    }

    /// Who publishes with this idempotency key.
    pub(super) fn author(&self, idempotency_key: &str) -> Author {
        match self {
            Self::Key(key) => key.author(idempotency_key),
            Self::Developer => Author::keyed(idempotency_key),
        }
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        let text = |name: HeaderName| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
        let Some(authorization) = parts.headers.get(AUTHORIZATION) else {
            let credentials = Credentials {
                token: None,
                remote: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0),
                origin: text(ORIGIN),
                host: text(HOST),
            };
            return match api.access.mode.trusts(&credentials) {
                true => Ok(Self::Developer),
                false => Err(Refused::unauthorized("send an API key: Authorization: Bearer KEY")),
            };
        };
        let shown = authorization.to_str().ok().and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
        });
        let Some(shown) = shown else {
            return Err(Refused::unauthorized("the Authorization header has the form Bearer KEY"));
        };
        let key = api.access.keys.iter().find(|key| key.is(shown));
        key.cloned().map(Self::Key).ok_or_else(|| Refused::unauthorized("this API key is not known here"))
    }
}

fn forbidden(what: &str, channel: &ChannelName) -> Refused {
    Refused::new(RefusalCode::Forbidden, format!("this API key may not {what} {channel}"))
}
