use std::fmt;
use std::str::FromStr;

use crate::auth::Secret;

/// Which backbone, and where; printed without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackboneAddress {
    /// In this process: one node, and nothing outlives it.
    Memory,
    /// A Redis server.
    Redis(Secret),
}

/// Why a text is no backbone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBackboneAddress {
    /// Neither of the two forms.
    #[error("{0:?} is no backbone; use memory, or redis://HOST:PORT")]
    Unknown(String),
    /// The URL has no host.
    #[error("a Redis backbone has a host: redis://HOST:PORT")]
    NoHost,
}

impl FromStr for BackboneAddress {
    type Err = BadBackboneAddress;

    fn from_str(text: &str) -> Result<Self, BadBackboneAddress> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        let Some(rest) = text.strip_prefix("redis://") else {
            return Err(BadBackboneAddress::Unknown(hide_password(text)));
        };
        match rest.rsplit('@').next() {
            None | Some("") => Err(BadBackboneAddress::NoHost),
            Some(host) if host.starts_with([':', '/']) => Err(BadBackboneAddress::NoHost),
            Some(_) => Ok(Self::Redis(Secret::new(text))),
        }
    }
}

impl fmt::Display for BackboneAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(url) => f.write_str(&hide_password(url.reveal())),
        }
    }
}

fn hide_password(url: &str) -> String {
    match url.split_once("://").zip(url.rsplit_once('@')) {
        Some(((scheme, _), (_, host))) => format!("{scheme}://…@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let address: BackboneAddress = "redis://user:hunter2@redis.test:6379/1".parse().unwrap();
        assert_eq!(address.to_string(), "redis://…@redis.test:6379/1");
        assert!(!format!("{address:?}").contains("hunter2"));
        let error = "rediss://user:hunter2@redis.test".parse::<BackboneAddress>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn only_memory_and_redis_are_backbones() {
        assert_eq!("memory".parse(), Ok(BackboneAddress::Memory));
        for text in ["", "redis", "redis://", "redis://:6379", "kafka://x:1"] {
            assert!(text.parse::<BackboneAddress>().is_err(), "{text}");
        }
    }
}
