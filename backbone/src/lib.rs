//! How Tidewire's nodes share logs: the [`Backbone`] trait, its contract suite, and its implementations.
//!
//! A backbone holds each channel's log and wakes the nodes that listen to the channel. It returns values and a
//! stream; it never calls back into a node. The log is the truth, what arrives on the stream is the fast path:
//! it may have holes, which a node finds by the tags and mends by [`Backbone::read`].

mod entry;
pub use entry::{Draft, Entry, Retention};

mod run;
pub use run::Run;

mod backbone;
pub use backbone::{Answer, Appended, Backbone, BackboneError};

mod presence;
pub use presence::{Attendee, Counts, Crowd, Lease, PresenceChange, PresenceStore, Present, Renewed};

mod arrivals;
pub use arrivals::{Arrival, Arrivals, EphemeralPublication, Interrupted};

#[cfg(feature = "contract")]
pub mod contract;

mod memory;
#[cfg(feature = "faults")]
pub use memory::{Faults, FaultyBackbone, Noticed, Pace, Taken};
pub use memory::{MemoryBackbone, MemoryConfig};

mod redis;
pub use redis::{
    BadRedisAddress, RedisAddress, RedisAddresses, RedisBackbone, RedisConfig, RedisHost, RedisIdentity,
    RedisLogin, RedisTls, RedisTopology,
};

mod outlet;
