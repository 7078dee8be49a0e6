use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tidewire_protocol::{ChannelName, CloseCode, RefusalCode};

use super::{BadToken, Grants, TokenKeys};
use crate::origin::is_local;
use crate::{Access, Closing, Credentials, Identity, Namespaces, Policy, Refusal};

/// The policy of the binary: what the namespaces' settings allow, and what a token grants.
#[derive(Clone, Debug)]
pub struct ConfiguredPolicy {
    /// What tokens are checked with.
    pub keys: TokenKeys,
    /// Whom the namespaces let in.
    pub namespaces: Namespaces,
    /// What of anonymous clients of this machine.
    pub mode: Mode,
}

/// Whether anonymous clients of this machine are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are as everybody else.
    #[default]
    Production,
    /// They may do everything.
    Development,
}

impl Mode {
    /// Whether somebody without a token is a developer at this machine: a loopback peer that asks for this
    /// machine, and either no browser or a browser with a page of this machine.
    pub fn trusts(self, credentials: &Credentials) -> bool {
        let local = |name: &Option<String>| name.as_deref().is_none_or(is_local);
        match self {
            Self::Production => false,
            Self::Development => {
                credentials.remote.is_some_and(|remote| remote.ip().to_canonical().is_loopback())
                    && local(&credentials.origin)
                    && local(&credentials.host)
            }
        }
    }
}

/// What a connection may do; kept in [`Identity::grants`].
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Developer,
    Anonymous,
    User(Grants),
}

impl ConfiguredPolicy {
    fn identity(&self, token: &str) -> Result<Identity, BadToken> {
        let claims = self.keys.verify(token, SystemTime::now())?;
        Ok(Identity {
            user: Some(claims.sub),
            info: claims.tidewire.info.as_ref().map(serde_json::Value::to_string),
            expires_at: UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp)),
            grants: Arc::new(Standing::User(claims.tidewire)),
        })
    }

    fn welcomes_anyone(&self) -> bool {
        let anyone = |access: Access| access == Access::Anyone;
        let mut settings = self.namespaces.named.values().chain(&self.namespaces.others);
        settings.any(|namespace| anyone(namespace.subscribe) || anyone(namespace.publish))
    }

    fn allows(&self, identity: &Identity, access: Access, granted: impl FnOnce(&Grants) -> bool) -> bool {
        match (identity.grants.downcast_ref::<Standing>(), access) {
            (Some(Standing::Developer), _) | (Some(_), Access::Anyone) => true,
            (Some(Standing::User(_)), Access::Users) => true,
            (Some(Standing::User(grants)), Access::Granted) => granted(grants),
            (Some(Standing::Anonymous), Access::Users | Access::Granted) | (None, _) => false,
        }
    }
}

#[async_trait]
impl Policy for ConfiguredPolicy {
    async fn connect(&self, credentials: Credentials) -> Result<Identity, Closing> {
        if let Some(token) = &credentials.token {
            return self.identity(token).map_err(closing);
        }
        let standing = if self.mode.trusts(&credentials) {
            Standing::Developer
        } else if self.welcomes_anyone() {
            Standing::Anonymous
        } else {
            return Err(Closing::new(CloseCode::Forbidden, "a token is needed to connect here"));
        };
        Ok(Identity { grants: Arc::new(standing), ..Identity::anonymous() })
    }

    async fn refresh(&self, identity: &Identity, credentials: Credentials) -> Result<Identity, Closing> {
        let invalid = |reason| Closing::new(CloseCode::TokenInvalid, reason);
        let Some(token) = &credentials.token else {
            return Err(invalid("there is no token"));
        };
        let refreshed = self.identity(token).map_err(closing)?;
        match refreshed.user == identity.user {
            true => Ok(refreshed),
            false => Err(invalid("the token is another user's; connect again with it")),
        }
    }

    async fn subscribe(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        let access = self.namespaces.of(channel).map(|settings| settings.subscribe);
        match access {
            Some(access) if self.allows(identity, access, |grants| grants.may_subscribe(channel)) => Ok(()),
            Some(_) | None => Err(forbidden("subscribe to", channel)),
        }
    }

    async fn publish(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        let access = self.namespaces.of(channel).map(|settings| settings.publish);
        match access {
            Some(access) if self.allows(identity, access, |grants| grants.may_publish(channel)) => Ok(()),
            Some(_) | None => Err(forbidden("publish in", channel)),
        }
    }
}

fn closing(error: BadToken) -> Closing {
    tracing::debug!(reason = error.word(), "a token was refused");
    metrics::counter!("tidewire_tokens_refused_total", "reason" => error.word()).increment(1);
    Closing::new(error.close_code(), error.to_string())
}

fn forbidden(what: &str, channel: &ChannelName) -> Refusal {
    Refusal::new(RefusalCode::Forbidden, format!("this client may not {what} {channel}"))
}
