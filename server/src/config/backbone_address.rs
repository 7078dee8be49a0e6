use std::fmt;
use std::str::FromStr;

use tidewire_backbone::{BadRedisAddress, RedisAddresses};

/// Which backbone, and where; printed without its passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackboneAddress {
    /// In this process: one node, and nothing outlives it.
    Memory,
    /// One Redis, or several over which the channels are spread.
    Redis(RedisAddresses),
}

/// Why a text is no backbone; never with a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBackboneAddress {
    /// Neither memory nor anything of Redis.
    #[error("a backbone is memory, or redis://HOST:PORT")]
    Unknown,
    /// It is meant as a Redis, and is none.
    #[error(transparent)]
    Redis(#[from] BadRedisAddress),
}

impl FromStr for BackboneAddress {
    type Err = BadBackboneAddress;

    fn from_str(text: &str) -> Result<Self, BadBackboneAddress> {
        match text.trim() {
            "memory" => Ok(Self::Memory),
            text if text.contains("://") => Ok(Self::Redis(text.parse()?)),
            _ => Err(BadBackboneAddress::Unknown),
        }
    }
}

impl fmt::Display for BackboneAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(addresses) => addresses.fmt(f),
        }
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
        let error = "mysql://user:hunter2@redis.test".parse::<BackboneAddress>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn only_memory_and_redis_are_backbones() {
        assert_eq!("memory".parse(), Ok(BackboneAddress::Memory));
        for text in ["", "redis", "redis://", "redis://:6379", "kafka://x:1", "memory redis://x:1"] {
            assert!(text.parse::<BackboneAddress>().is_err(), "{text}");
        }
    }
}
