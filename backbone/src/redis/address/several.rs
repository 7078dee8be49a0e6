use std::fmt;
use std::str::FromStr;

use super::{BadRedisAddress, RedisAddress};

/// One Redis, or several independent ones over which the channels are spread: as text, separated by spaces.
///
/// Every node of a cluster needs the same, in the same order. To put another at the end moves as few channels as
/// can be (they begin new logs there, and their subscribers are reset); anything else moves more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAddresses(Vec<RedisAddress>);

impl RedisAddresses {
    /// These, in this order.
    ///
    /// # Errors
    /// Where there is none, or one is there twice.
    pub fn new(shards: Vec<RedisAddress>) -> Result<Self, BadRedisAddress> {
        if shards.is_empty() {
            return Err(BadRedisAddress::NoScheme);
        }
        for (index, shard) in shards.iter().enumerate() {
            if shards.iter().take(index).any(|other| other.topology == shard.topology) {
                return Err(BadRedisAddress::Twice(shard.to_string()));
            }
        }
        Ok(Self(shards))
    }

    /// Each of them: one at least.
    pub fn shards(&self) -> &[RedisAddress] {
        &self.0
    }
}

impl FromStr for RedisAddresses {
    type Err = BadRedisAddress;

    fn from_str(text: &str) -> Result<Self, BadRedisAddress> {
        Self::new(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }
}

impl From<RedisAddress> for RedisAddresses {
    fn from(one: RedisAddress) -> Self {
        Self(vec![one])
    }
}

impl fmt::Display for RedisAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, shard) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{shard}")?;
        }
        Ok(())
    }
}
