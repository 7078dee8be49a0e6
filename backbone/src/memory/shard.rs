use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tidewire_protocol::ChannelName;
use tokio::time::Instant;

use super::log::Log;
use super::presence::Room;
use crate::outlet::{Delivery, Outlet};
use crate::{Answer, Appended, Arrival, Draft, EphemeralPublication, Retention};

/// Some of the channels: their logs, and the nodes that listen to them.
#[derive(Default)]
pub(super) struct Shard {
    logs: HashMap<ChannelName, Log>,
    listeners: HashMap<ChannelName, Vec<Arc<Outlet>>>,
    /// Who is in the channels; those in which nobody is have none.
    pub(super) rooms: HashMap<ChannelName, Room>,
    /// When to look after each log; exactly one appointment for each.
    appointments: BinaryHeap<Reverse<(Instant, ChannelName)>>,
}

/// How many idle logs one call looks after at most, so that none pays for all.
const LOOKED_AFTER_AT_ONCE: usize = 4;

impl Shard {
    pub(super) fn publish(
        &mut self,
        now: Instant,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
        tips: Duration,
    ) -> Appended {
        let Retention::Log { entries, bytes, age, dedup } = retention else {
            let Draft { payload, user, .. } = draft;
            self.tell(channel, || {
                Arrival::Ephemeral(
                    channel.clone(),
                    EphemeralPublication { payload: payload.clone(), user: user.clone() },
                )
            });
            return Appended::Accepted { position: None, missing: 0 };
        };
        let log = self.log(now, channel, tips);
        log.remember(age, dedup);
        let appended = log.append(now, draft);
        if let Appended::Accepted { .. } = appended
            && let Some(entry) = log.newest().cloned()
        {
            log.trim(entries, bytes);
            self.tell(channel, || Arrival::Published(channel.clone(), entry.clone()));
        }
        appended
    }

    pub(super) fn read(
        &mut self,
        now: Instant,
        channel: &ChannelName,
        after: u64,
        limit: usize,
        tips: Duration,
    ) -> Answer {
        self.log(now, channel, tips).read(after, limit)
    }

    pub(super) fn listen(&mut self, channel: &ChannelName, outlet: &Arc<Outlet>) {
        let listeners = self.listeners.entry(channel.clone()).or_default();
        listeners.retain(|other| !other.is_closed());
        if !listeners.iter().any(|other| Arc::ptr_eq(other, outlet)) {
            listeners.push(Arc::clone(outlet));
        }
    }

    pub(super) fn unlisten(&mut self, channel: &ChannelName, outlet: &Arc<Outlet>) {
        self.keep_listeners(channel, |other| !Arc::ptr_eq(other, outlet));
    }

    /// Forgets what the logs whose appointment has come need no longer keep; a few of them.
    pub(super) fn forget_idle(&mut self, now: Instant) {
        for _ in 0..LOOKED_AFTER_AT_ONCE {
            if self.appointments.peek().is_none_or(|Reverse((at, _))| *at > now) {
                return;
            }
            let Some(Reverse((_, channel))) = self.appointments.pop() else { return };
            let Some(log) = self.logs.get_mut(&channel) else { continue };
            log.forget_idle(now);
            match log.next_deadline(now) {
                Some(next) => self.appointments.push(Reverse((next, channel))),
                None => {
                    self.logs.remove(&channel);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.appointments.is_empty()
    }

    /// The channel's log as it is now; a new one where there is none.
    fn log(&mut self, now: Instant, channel: &ChannelName, tips: Duration) -> &mut Log {
        self.forget_idle(now);
        let log = self.logs.entry(channel.clone()).or_insert_with(|| {
            let log = Log::new(now, tips);
            self.appointments.push(Reverse((log.end(), channel.clone())));
            log
        });
        log.forget_idle(now);
        if log.end() <= now {
            // Its appointment is due but not yet kept.
            *log = Log::new(now, tips);
        }
        log.touch(now);
        log
    }

    pub(super) fn tell(&mut self, channel: &ChannelName, arrival: impl Fn() -> Arrival) {
        let Some(listeners) = self.listeners.get(channel) else { return };
        let mut somebody_left = false;
        for outlet in listeners {
            somebody_left |= outlet.deliver(arrival()) == Delivery::NobodyThere;
        }
        if somebody_left {
            self.keep_listeners(channel, |outlet| !outlet.is_closed());
        }
    }

    fn keep_listeners(&mut self, channel: &ChannelName, keep: impl Fn(&Arc<Outlet>) -> bool) {
        if let Some(listeners) = self.listeners.get_mut(channel) {
            listeners.retain(keep);
            if listeners.is_empty() {
                self.listeners.remove(channel);
            }
        }
    }
}
