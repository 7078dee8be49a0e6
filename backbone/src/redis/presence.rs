//! Who is in which channel, in Redis: of each channel under the channel's hash tag, the leases under one of their own.

pub(super) mod record;

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use redis::{Cmd, Value};
use tidewire_protocol::ChannelName;

use super::commands::replied;
use super::{RedisBackbone, millis, nonsense, script};
use crate::{Attendee, BackboneError, Counts, Crowd, Lease, PresenceStore, Present, Renewed};

/// How many attendees one call enters, removes or looks at: it must not hold up Redis, nor fill the news.
const TOGETHER: usize = 256;
/// How long a lease that is not renewed is remembered.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// What concerns no channel, as the leases, is where this one would be.
pub(super) const HOME: &str = "tidewire:nodes";

/// What a change did.
struct Changed {
    crowd: Crowd,
    left: usize,
    /// The last name that was looked at, where there may be more.
    last: String,
}

impl RedisBackbone {
    async fn change(&self, channel: &ChannelName, command: Cmd) -> Result<Changed, BackboneError> {
        let reply = replied(self.shard(channel).publishing(channel)?.give(command)).await?;
        changed(reply).ok_or_else(nonsense)
    }

    /// The same for any number of those whom it concerns; also where there are none.
    async fn change_all<T>(
        &self,
        channel: &ChannelName,
        lease: Lease,
        what: &str,
        all: &[T],
        add: impl Fn(&mut Cmd, &T) -> Result<(), BackboneError>,
    ) -> Result<Crowd, BackboneError> {
        let mut rest = all;
        loop {
            let some;
            (some, rest) = rest.split_at(rest.len().min(TOGETHER));
            let mut command = self.change_call(channel, lease, what);
            some.iter().try_for_each(|one| add(&mut command, one))?;
            let crowd = self.change(channel, command).await?.crowd;
            if rest.is_empty() {
                return Ok(crowd);
            }
        }
    }

    fn change_call(&self, channel: &ChannelName, lease: Lease, what: &str) -> Cmd {
        let mut command = script::PRESENCE_CHANGE.call(&self.keys.presence(channel));
        command
            .arg(millis(self.config.tips))
            .arg(self.keys.live(channel))
            .arg(record::lease(lease).as_slice())
            .arg(what);
        command
    }
}

#[async_trait]
impl PresenceStore for RedisBackbone {
    async fn renew(&self, lease: Lease) -> Result<Renewed, BackboneError> {
        let home: ChannelName = HOME.parse().map_err(|_| nonsense())?;
        let mut command = script::PRESENCE_RENEW.call(&[self.keys.leases(&home)]);
        command.arg(record::lease(lease).as_slice()).arg(millis(REMEMBERED));
        let reply = replied(self.shard(&home).publishing(&home)?.give(command)).await?;
        let mut leases = leases(reply).ok_or_else(nonsense)?;
        let before = leases.iter_mut().find(|(known, _)| *known == lease);
        let before = before.map(|(_, silent)| std::mem::take(silent));
        if before.is_none() {
            leases.push((lease, Duration::ZERO));
        }
        Ok(Renewed { before, leases })
    }

    async fn enter(
        &self,
        channel: &ChannelName,
        lease: Lease,
        attendees: &[Attendee],
    ) -> Result<Crowd, BackboneError> {
        self.change_all(channel, lease, "enter", attendees, |command, attendee| {
            command.arg(attendee.connection.as_str()).arg(record::body(attendee)?);
            Ok(())
        })
        .await
    }

    async fn leave(&self, channel: &ChannelName, connections: &[String]) -> Result<Crowd, BackboneError> {
        let nobodys = Lease { node: 0, term: 0 };
        self.change_all(channel, nobodys, "leave", connections, |command, connection| {
            command.arg(connection);
            Ok(())
        })
        .await
    }

    async fn expel(&self, channel: &ChannelName, lease: Lease) -> Result<usize, BackboneError> {
        // A node's names have its number in front, and a hyphen, which `.` follows.
        let (mut from, to) = (format!("[{:016x}-", lease.node), format!("({:016x}.", lease.node));
        let mut expelled = 0;
        loop {
            let mut command = self.change_call(channel, lease, "expel");
            command.arg(&from).arg(&to).arg(TOGETHER);
            let changed = self.change(channel, command).await?;
            expelled += changed.left;
            if changed.last.is_empty() {
                return Ok(expelled);
            }
            from = format!("({}", changed.last);
        }
    }

    async fn present(
        &self,
        channel: &ChannelName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Present, BackboneError> {
        let mut command = script::PRESENCE_READ.call(&self.keys.presence(channel));
        let from = after.map_or("-".to_owned(), |after| format!("({after}"));
        command.arg(from).arg(limit.saturating_add(1).min(u32::MAX as usize));
        let reply = replied(self.shard(channel).reading(channel)?.give(command)).await?;
        let mut present = present(reply).ok_or_else(nonsense)?;
        present.more = present.attendees.len() > limit;
        present.attendees.truncate(limit);
        Ok(present)
    }

    fn kept_for(&self) -> Duration {
        self.config.tips
    }
}

fn leases(reply: Value) -> Option<Vec<(Lease, Duration)>> {
    let Value::Array(values) = reply else { return None };
    let leases = values.as_chunks::<2>().0.iter().map(|[lease, silent]| {
        let (Value::BulkString(lease), Value::Int(silent)) = (lease, silent) else { return None };
        Some((record::read_lease(lease)?, Duration::from_millis(u64::try_from(*silent).ok()?)))
    });
    leases.collect()
}

fn changed(reply: Value) -> Option<Changed> {
    let Value::Array(values) = reply else { return None };
    let [counts, last, leases] = <[Value; 3]>::try_from(values).ok()?;
    let mut counts = bytes(counts)?;
    Some(Changed {
        crowd: crowd(record::counts(&mut counts)?, leases)?,
        left: counts.try_get_u32().ok()? as usize,
        last: String::from_utf8(bytes(last)?.into()).ok()?,
    })
}

fn present(reply: Value) -> Option<Present> {
    let Value::Array(values) = reply else { return None };
    let mut values = values.into_iter();
    let counts = record::counts(&mut bytes(values.next()?)?)?;
    let crowd = crowd(counts, values.next()?)?;
    let mut attendees = Vec::new();
    while let Some(connection) = values.next() {
        attendees.push(record::read_record(bytes(connection)?, bytes(values.next()?)?)?);
    }
    Some(Present { attendees, more: false, crowd })
}

fn crowd(counts: Counts, leases: Value) -> Option<Crowd> {
    let (Value::Array(fields) | Value::Set(fields)) = leases else { return None };
    // One field counts those without a user.
    let leases = fields.into_iter().filter_map(|field| record::read_lease(&bytes(field)?)).collect();
    Some(Crowd { counts, leases })
}

fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => None,
    }
}
