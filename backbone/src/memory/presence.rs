use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use tidewire_protocol::ChannelName;
use tokio::time::Instant;

use super::MemoryBackbone;
use super::shard::Shard;
use crate::{
    Arrival, Attendee, BackboneError, Counts, Crowd, Lease, PresenceChange, PresenceStore, Present, Renewed,
};

/// When each lease was last renewed.
#[derive(Default)]
pub(super) struct Leases(HashMap<Lease, Instant>);

/// How long a lease that is not renewed is remembered.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Who is in one channel.
#[derive(Default)]
pub(super) struct Room {
    attendees: BTreeMap<String, (Lease, Attendee)>,
    /// How many are filed under each lease.
    leases: BTreeMap<Lease, u64>,
    /// How many connections each user has; an anonymous one stands for itself.
    users: HashMap<String, u64>,
    anonymous: u64,
}

impl Leases {
    fn renew(&mut self, now: Instant, lease: Lease) -> Renewed {
        self.0.retain(|_, renewed| now - *renewed < REMEMBERED);
        let before = self.0.insert(lease, now).map(|renewed| now - renewed);
        Renewed { before, leases: self.0.iter().map(|(lease, renewed)| (*lease, now - *renewed)).collect() }
    }
}

impl Room {
    /// `false` where that changes nothing that anybody sees.
    fn enter(&mut self, lease: Lease, attendee: &Attendee) -> bool {
        let filed = (lease, attendee.clone());
        self.count(&filed);
        let before = self.attendees.insert(attendee.connection.clone(), filed);
        if let Some(before) = &before {
            self.uncount(before);
        }
        before.is_none_or(|(_, before)| before != *attendee)
    }

    fn leave(&mut self, connection: &str) -> Option<Attendee> {
        let filed = self.attendees.remove(connection)?;
        self.uncount(&filed);
        Some(filed.1)
    }

    fn filed_under(&self, lease: Lease) -> Vec<String> {
        let filed = self.attendees.iter().filter(|(_, (under, _))| *under == lease);
        filed.map(|(connection, _)| connection.clone()).collect()
    }

    fn count(&mut self, (lease, attendee): &(Lease, Attendee)) {
        *self.leases.entry(*lease).or_default() += 1;
        match &attendee.user {
            Some(user) => *self.users.entry(user.clone()).or_default() += 1,
            None => self.anonymous += 1,
        }
    }

    fn uncount(&mut self, (lease, attendee): &(Lease, Attendee)) {
        self.leases.entry(*lease).and_modify(|count| *count -= 1);
        self.leases.retain(|_, count| *count > 0);
        let Some(user) = &attendee.user else {
            self.anonymous -= 1;
            return;
        };
        if let Some(connections) = self.users.get_mut(user) {
            *connections -= 1;
            if *connections == 0 {
                self.users.remove(user);
            }
        }
    }

    fn counts(&self) -> Counts {
        let users = self.users.len() as u64 + self.anonymous;
        Counts { connections: self.attendees.len() as u64, users }
    }

    fn crowd(&self) -> Crowd {
        Crowd { counts: self.counts(), leases: self.leases.keys().copied().collect() }
    }
}

impl Shard {
    /// Changes who is in a channel, and says what changed.
    fn change(
        &mut self,
        channel: &ChannelName,
        change: impl FnOnce(&mut Room, &mut PresenceChange),
    ) -> Crowd {
        let room = self.rooms.entry(channel.clone()).or_default();
        let mut changed = PresenceChange::default();
        change(room, &mut changed);
        let crowd = room.crowd();
        if crowd.counts.connections == 0 {
            self.rooms.remove(channel);
        }
        changed.counts = crowd.counts;
        if !changed.joined.is_empty() || !changed.left.is_empty() {
            self.tell(channel, || Arrival::Presence(channel.clone(), changed.clone()));
        }
        crowd
    }
}

#[async_trait]
impl PresenceStore for MemoryBackbone {
    async fn renew(&self, lease: Lease) -> Result<Renewed, BackboneError> {
        let mut leases = self.logs.leases.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(leases.renew(Instant::now(), lease))
    }

    async fn enter(
        &self,
        channel: &ChannelName,
        lease: Lease,
        attendees: &[Attendee],
    ) -> Result<Crowd, BackboneError> {
        Ok(self.shard(channel).change(channel, |room, changed| {
            let entered = attendees.iter().filter(|attendee| room.enter(lease, attendee));
            changed.joined = entered.cloned().collect();
        }))
    }

    async fn leave(&self, channel: &ChannelName, connections: &[String]) -> Result<Crowd, BackboneError> {
        Ok(self.shard(channel).change(channel, |room, changed| {
            changed.left = connections.iter().filter_map(|connection| room.leave(connection)).collect();
        }))
    }

    async fn expel(&self, channel: &ChannelName, lease: Lease) -> Result<usize, BackboneError> {
        let mut expelled = 0;
        self.shard(channel).change(channel, |room, changed| {
            let filed = room.filed_under(lease);
            changed.left = filed.iter().filter_map(|connection| room.leave(connection)).collect();
            expelled = changed.left.len();
        });
        Ok(expelled)
    }

    async fn present(
        &self,
        channel: &ChannelName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Present, BackboneError> {
        let shard = self.shard(channel);
        let Some(room) = shard.rooms.get(channel) else { return Ok(Present::default()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut following = room.attendees.range::<str, _>((from, Bound::Unbounded));
        let attendees = following.by_ref().take(limit).map(|(_, (_, attendee))| attendee.clone()).collect();
        Ok(Present { attendees, more: following.next().is_some(), crowd: room.crowd() })
    }

    fn kept_for(&self) -> Duration {
        Duration::MAX
    }
}
