use redis::RedisError;

use crate::BackboneError;

/// Why a link cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It may pass by itself: nobody answers, or a failover is under way.
    #[error("{0}")]
    Passing(String),
    /// Somebody has to mend a configuration; the text says how.
    #[error("{0}")]
    Misconfigured(String),
}

impl Trouble {
    /// Its error for who waits for the link; `None` where it may pass.
    pub(super) fn verdict(&self) -> Option<BackboneError> {
        match self {
            Self::Passing(_) => None,
            Self::Misconfigured(text) => Some(BackboneError::Refused(text.clone())),
        }
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        let text = match error.code() {
            Some(code) if !error.to_string().contains(code) => format!("{code}: {error}"),
            _ => error.to_string(),
        };
        Self::of(text)
    }
}

impl From<BackboneError> for Trouble {
    fn from(error: BackboneError) -> Self {
        match error {
            BackboneError::Unavailable(text) => Self::Passing(text),
            BackboneError::Refused(text) => Self::of(text),
        }
    }
}

impl Trouble {
    fn of(text: String) -> Self {
        let advice = if text.contains("NOAUTH") {
            "this Redis wants a password: redis://:PASSWORD@HOST:PORT"
        } else if text.contains("WRONGPASS") {
            "this Redis does not take the user and password that the address has"
        } else if text.contains("NOPERM") {
            "the user lacks a permission; docs/operations.md lists what it needs"
        } else if text.contains("CertificateRequired") {
            "the server asks for a certificate: redis.certificate_file and redis.key_file"
        } else if text.contains("fatal alert: UnknownCA") {
            "the server does not accept the certificate of redis.certificate_file"
        } else if text.contains("invalid peer certificate") {
            "the server's certificate is not accepted: it must be for the name that the address has, and vouched for by \
             the CA of redis.ca_file, or one that this machine knows"
        } else if text.contains("DB index") {
            "this Redis has no such database"
        } else if text.contains("cluster support disabled") {
            "this server is not part of a Redis Cluster: redis://HOST:PORT, or cluster-enabled yes"
        } else if text.contains("unknown command") {
            "Redis 7.0 or later is needed, or Valkey"
        } else {
            return Self::Passing(text);
        };
        Self::Misconfigured(format!("{advice} ({text})"))
    }
}
