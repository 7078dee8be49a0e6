use std::collections::HashSet;
use std::time::Duration;

use super::{RedisAddresses, RedisTls};

/// How to reach and use Redis (7.0 or later, or Valkey).
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is.
    pub addresses: RedisAddresses,
    /// For addresses that say `rediss`.
    pub tls: RedisTls,
    /// Begins every key and pub/sub channel, so that several clusters can share a server. Pub/sub ignores
    /// databases: different clusters need different prefixes.
    pub prefix: String,
    /// How long an answer may take before the link counts as broken.
    pub timeout: Duration,
    /// How many publishes wait to be sent; beyond that they are refused as unavailable.
    pub queue: usize,
    /// How many bytes of publishes wait to be sent or answered; beyond that they are refused too.
    pub queue_bytes: usize,
    /// How many arrivals wait for the node; what does not fit is announced by `Interrupted`.
    pub arrivals: usize,
    /// Larger payloads, in bytes, do not travel with the news: `Announced` tells the node to read them.
    pub travels: usize,
    /// How long an idle log's newest position outlives its entries.
    pub tips: Duration,
    /// The namespaces whose publications are acknowledged only once a replica has them too.
    pub replicated: HashSet<String>,
    /// How long an acknowledgement waits for a replica; beyond that the publish failed, and nothing is known.
    pub replicated_within: Duration,
    /// How often the subscriptions are probed.
    pub probe_every: Duration,
    /// How long a probe may be on its way before the subscriptions count as dead.
    pub probe_timeout: Duration,
}

impl RedisConfig {
    /// The defaults, for this Redis.
    pub fn new(addresses: impl Into<RedisAddresses>) -> Self {
        Self {
            addresses: addresses.into(),
            tls: RedisTls::default(),
            prefix: "tidewire:".to_owned(),
            timeout: Duration::from_secs(3),
            queue: 16_384,
            queue_bytes: 64 << 20,
            arrivals: 65_536,
            travels: 64 << 10,
            tips: Duration::from_secs(24 * 3600),
            replicated: HashSet::new(),
            replicated_within: Duration::from_secs(1),
            probe_every: Duration::from_secs(1),
            probe_timeout: Duration::from_secs(2),
        }
    }
}
