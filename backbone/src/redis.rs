//! Redis: its streams are the logs, its pub/sub is the fast path.
#![expect(clippy::wildcard_enum_match_arm, reason = "redis-rs may add kinds of values, errors and pushes")]

mod access;
mod address;
mod answer;
mod backoff;
mod cluster;
mod commands;
mod config;
mod greeting;
mod keys;
mod message;
mod places;
mod presence;
mod primary;
mod probing;
mod receiver;
mod refusal;
mod route;
mod script;
mod sentinel;
mod shard;
mod shards;
mod standing;
mod subscriptions;
mod tidying;
mod tls;
mod trouble;
mod user;
mod way;

pub use address::{BadRedisAddress, RedisAddress, RedisAddresses, RedisHost, RedisLogin, RedisTopology};
pub use config::RedisConfig;
pub use tls::{RedisIdentity, RedisTls};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{BufMut, Bytes};
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use redis::Value;
use tidewire_protocol::{ChannelName, PublicationId, Tag};
use tokio::task::JoinSet;

use crate::outlet::Outlet;
use crate::{Answer, Appended, Arrivals, Backbone, BackboneError, Draft, PresenceStore, Retention};
use commands::replied;
use keys::Keys;
use shard::Shard;
use shards::Shards;
use tidying::Tidying;

/// A backbone on Redis: one server, a primary that Sentinels watch, a cluster, or several of these.
///
/// To each server three connections: publishes, reads, subscriptions; each is made anew when it breaks. While
/// Redis is away, calls fail at once with [`BackboneError::Unavailable`]; a `listen` that failed is not
/// remembered, one that succeeded is, over every reconnect. After each loss of the subscriptions comes
/// `Interrupted`.
pub struct RedisBackbone {
    config: RedisConfig,
    keys: Keys,
    shards: Arc<Shards>,
    tidying: Tidying,
    /// Ends with this.
    _tasks: JoinSet<()>,
}

/// A publish that has its place in line.
type Publishing = BoxFuture<'static, Result<Appended, BackboneError>>;

/// The largest seq that the script can count: Lua's numbers are doubles.
const MAX_SEQ: u64 = 1 << 53;

impl RedisBackbone {
    /// Begins to connect, and returns when that is done or, where Redis does not answer, after the configured
    /// timeout: it goes on trying. Fails only where a configuration has to be mended: this one, or that of a Redis
    /// that answers and is too old, of another kind, or takes neither user nor password.
    pub async fn connect(config: RedisConfig) -> Result<(Self, Arrivals), BackboneError> {
        let keys = Keys::new(&config.prefix);
        if !keys.share_slots() {
            let why = "a prefix with a brace needs a whole hash tag, such as {name}";
            return Err(BackboneError::Refused(why.into()));
        }
        let (outlet, arrivals) = Outlet::new(config.arrivals);
        let mut tasks = JoinSet::new();
        let shards = Arc::new(Shards::new(&config, &keys, &Arc::new(outlet), &mut tasks)?);
        let tidying = Tidying::default();
        tasks.spawn(tidying.clone().run(Arc::clone(&shards), keys.clone()));
        let home = presence::HOME.parse().map_err(|_| nonsense())?;
        tasks.spawn(places::compare(Arc::clone(&shards), keys.clone(), home));
        let backbone = Self { config, keys, shards, tidying, _tasks: tasks };
        match tokio::time::timeout(backbone.config.timeout, backbone.shards.up()).await {
            Ok(outcome) => outcome?,
            Err(_) => tracing::warn!("starting without Redis, which does not answer"),
        }
        Ok((backbone, arrivals))
    }

    /// What holds a channel: its links are for everything that concerns the channel.
    fn shard(&self, channel: &ChannelName) -> &Shard {
        self.shards.of(channel)
    }

    /// Publishes past the log.
    fn publish_ephemeral(&self, channel: &ChannelName, draft: &Draft) -> Result<Publishing, BackboneError> {
        let mut command = redis::cmd("SPUBLISH");
        command.arg(self.keys.live(channel)).arg(message::ephemeral(draft)?);
        let reply = replied(self.shard(channel).publishing(channel)?.give(command));
        Ok(reply.map(|reply| reply.map(|_| Appended::Accepted { position: None, missing: 0 })).boxed())
    }

    /// Takes a publication's place in line.
    fn begin(
        &self,
        channel: &ChannelName,
        draft: &Draft,
        retention: Retention,
    ) -> Result<Publishing, BackboneError> {
        let Retention::Log { entries, bytes, age, dedup } = retention else {
            return self.publish_ephemeral(channel, draft);
        };
        if draft.seq >= MAX_SEQ {
            return Err(BackboneError::Refused("the seq is too large".into()));
        }
        let body = message::body(draft)?;
        let publishing = self.shard(channel).appending(channel)?;
        let weight = message::weight(draft);
        let mut numbers = Vec::with_capacity(72);
        put_hex(&mut numbers, PublicationId::of(draft.publisher, draft.seq));
        numbers.put_u64(draft.seq);
        put_hex(&mut numbers, Tag(rand::random()));
        numbers.put_u32(entries.max(1));
        // Half the range, so that sums stay exact in doubles and fit Redis' integers.
        numbers.put_u64(bytes.min(MAX_SEQ / 2));
        numbers.put_u64(millis(age));
        numbers.put_u64(millis(dedup));
        numbers.put_u64(millis(self.config.tips).max(2 * millis(age)).max(2 * millis(dedup)));
        numbers.put_u64(publishing.now());
        numbers.put_u32(u32::try_from(weight).unwrap_or(u32::MAX));
        numbers.put_u8(draft.force.into());
        numbers.put_u8((weight > self.config.travels).into());
        let mut command = script::PUBLISH.call(&self.keys.of(channel));
        command
            .arg(numbers)
            .arg(draft.publisher.0.to_be_bytes().as_slice())
            .arg(body)
            .arg(self.keys.live(channel));
        self.tidying.published(channel, millis(dedup));
        Ok(replied(publishing.give(command)).map(|reply| appended(reply?)).boxed())
    }
}

#[async_trait]
impl Backbone for RedisBackbone {
    fn publish(&self, channel: &ChannelName, draft: Draft, retention: Retention) -> Publishing {
        self.begin(channel, &draft, retention).unwrap_or_else(|error| future::ready(Err(error)).boxed())
    }

    async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.shard(channel).listen(channel).await
    }

    async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.shard(channel).unlisten(channel).await
    }

    async fn read(&self, channel: &ChannelName, after: u64, limit: usize) -> Result<Answer, BackboneError> {
        let reading = self.shard(channel).reading(channel)?;
        let mut command = script::READ.call(&self.keys.of(channel));
        command
            .arg(after.saturating_add(1))
            // One at least: the first tells the base.
            .arg(limit.clamp(1, u32::MAX as usize))
            .arg(millis(self.config.tips))
            .arg(Tag(rand::random()).to_string())
            .arg(reading.now());
        let reply = replied(reading.give(command)).await?;
        let (answer, gaps) = answer::read(reply, limit).ok_or_else(nonsense)?;
        if gaps > 0 {
            metrics::counter!("tidewire_log_gaps_total").increment(gaps);
            tracing::error!(%channel, gaps, "a log has entries that are none, or lacks some; what is before them is lost");
        }
        Ok(answer)
    }

    fn is_ready(&self) -> bool {
        self.shards.is_any_up()
    }

    fn presence(&self) -> Option<&dyn PresenceStore> {
        Some(self)
    }
}

/// Whole milliseconds, at least one, small enough for Redis' clock.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, MAX_SEQ / 8)
}

/// Eight hexadecimal digits.
fn put_hex(bytes: &mut Vec<u8>, number: impl std::fmt::Display) {
    bytes.extend_from_slice(number.to_string().as_bytes());
}

/// What the publish script answers.
fn appended(reply: Value) -> Result<Appended, BackboneError> {
    let Value::BulkString(reply) = reply else { return Err(nonsense()) };
    read_appended(reply.into()).ok_or_else(nonsense)
}

fn read_appended(mut reply: Bytes) -> Option<Appended> {
    use bytes::Buf;
    match reply.try_get_u8().ok()? {
        b'+' => {
            let position = message::position(&mut reply)?;
            Some(Appended::Accepted { position: Some(position), missing: reply.try_get_u64().ok()? })
        }
        b'=' if reply.is_empty() => Some(Appended::Old { position: None }),
        b'=' => message::position(&mut reply).map(|position| Appended::Old { position: Some(position) }),
        b'<' => Some(Appended::Behind { last: reply.try_get_u64().ok()? }),
        _ => None,
    }
}

fn nonsense() -> BackboneError {
    BackboneError::Refused("a script's answer makes no sense; is another version of Tidewire at work?".into())
}
