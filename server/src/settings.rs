use std::num::NonZeroUsize;
use std::time::Duration;

use crate::{Limits, Namespaces};

/// How a node behaves. Every field has a default that is right for most.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The node's name, for logs and for `welcome`; empty: a random one.
    pub node: String,
    /// What is refused, and from where on.
    pub limits: Limits,
    /// The namespaces that there are, and what each keeps and allows.
    pub namespaces: Namespaces,
    /// The node says something to each connection at least this often, and expects the same with 10 s of grace.
    pub heartbeat: Duration,
    /// A connection on which nothing was heard for the heartbeat and so long is closed.
    pub heartbeat_grace: Duration,
    /// Clients that lose their connection wait a random time up to this before they come back.
    pub reconnect_spread: Duration,
    /// How long a publication may still get lost in a failover after its acknowledgement; clients keep it so long.
    pub settle: Duration,
    /// How long a publisher that is idle in a channel is remembered, where its namespace says nothing else.
    pub dedup: Duration,
    /// How long a connection may go on with an expired token while its client fetches a new one.
    pub token_grace: Duration,
    /// How long a channel that lost its last subscriber keeps its ring, for those who come back.
    pub linger: Duration,
    /// A node that the others did not hear of for so long has ended, and who was there by it is gone.
    pub presence_lease: Duration,
    /// Clients are asked to move to another connection when theirs is so old, so that after a scale-out the load
    /// evens out by itself; each at a random moment of the last quarter. `None`: never.
    pub connection_age: Option<Duration>,
    /// How the node goes away.
    pub drain: Drain,
    /// A request waits so long for the backbone before it is refused as unavailable.
    pub backbone_patience: Duration,
    /// How many tasks relay publications, each those of its own channels; `None`: one for each core.
    pub shards: Option<NonZeroUsize>,
}

/// How a node goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long clients have to leave; then they are closed.
    pub within: Duration,
    /// Each client opens its new connection at a random moment within so long.
    pub spread: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: String::new(),
            limits: Limits::default(),
            namespaces: Namespaces::default(),
            heartbeat: Duration::from_secs(25),
            heartbeat_grace: Duration::from_secs(10),
            reconnect_spread: Duration::from_secs(1),
            settle: Duration::from_secs(60),
            dedup: Duration::from_secs(600),
            token_grace: Duration::from_secs(10),
            linger: Duration::from_secs(45),
            presence_lease: Duration::from_secs(9),
            connection_age: None,
            drain: Drain { within: Duration::from_secs(20), spread: Duration::from_secs(10) },
            backbone_patience: Duration::from_secs(5),
            shards: None,
        }
    }
}
