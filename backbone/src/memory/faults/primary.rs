use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tidewire_protocol::{ChannelName, Tag};
use tokio::time::Instant;

use crate::memory::log::Log;
use crate::{Appended, Arrival, Draft, Entry, EphemeralPublication, Retention};

/// A server that takes writes, and the replica that follows it.
#[derive(Default)]
pub(super) struct Primary {
    logs: BTreeMap<ChannelName, Log>,
    replica: BTreeMap<ChannelName, Log>,
    /// Oldest first.
    under_way: VecDeque<Change>,
}

/// A change of a log, on its way to the replica.
struct Change {
    /// When the replica has it; `None`: not before this server is gone.
    due: Option<Instant>,
    channel: ChannelName,
    /// The entry that it appended, if any.
    entry: Option<Entry>,
    /// The log after it.
    log: Log,
}

impl Primary {
    pub(super) fn publish(
        &mut self,
        now: Instant,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
        (tag, tips, lag): (u32, Duration, Duration),
    ) -> (Appended, Option<Arrival>) {
        let Retention::Log { entries, bytes, age, dedup } = retention else {
            let Draft { payload, user, .. } = draft;
            let news = Arrival::Ephemeral(channel.clone(), EphemeralPublication { payload, user });
            return (Appended::Accepted { position: None, missing: 0 }, Some(news));
        };
        let log = self.log(now, channel, tag, tips, lag);
        log.remember(age, dedup);
        let appended = log.append(now, draft);
        let news = match appended {
            Appended::Accepted { .. } => {
                let entry = log.newest().cloned();
                log.trim(entries, bytes);
                self.change(now, channel, entry.clone(), lag);
                entry.map(|entry| Arrival::Published(channel.clone(), entry))
            }
            Appended::Old { .. } | Appended::Behind { .. } => None,
        };
        (appended, news)
    }

    /// The channel's log as it is now; a new one from this tag where there is none.
    pub(super) fn log(
        &mut self,
        now: Instant,
        channel: &ChannelName,
        tag: u32,
        tips: Duration,
        lag: Duration,
    ) -> &mut Log {
        self.replicate(now);
        if self.logs.get(channel).is_none_or(|log| log.end() <= now) {
            self.logs.insert(channel.clone(), Log::from(Tag(tag), now, tips));
            self.change(now, channel, None, lag);
        }
        let log = self.logs.entry(channel.clone()).or_insert_with(|| Log::from(Tag(tag), now, tips));
        log.forget_idle(now);
        log.touch(now);
        log
    }

    pub(super) fn trim(&mut self, channel: &ChannelName, entries: u32) {
        let on_replica = self.replica.get_mut(channel);
        let under_way = self.under_way.iter_mut().filter(|change| change.channel == *channel);
        let under_way = under_way.map(|change| &mut change.log);
        self.logs.get_mut(channel).into_iter().chain(on_replica).chain(under_way).for_each(|log| {
            log.trim(entries, u64::MAX);
        });
    }

    /// The replica takes what has come to it by now.
    pub(super) fn replicate(&mut self, now: Instant) {
        while let Some(change) =
            self.under_way.pop_front_if(|change| change.due.is_some_and(|due| due <= now))
        {
            self.replica.insert(change.channel, change.log);
        }
    }

    /// The entries that the replica has not got.
    pub(super) fn unreplicated(&self) -> impl Iterator<Item = (ChannelName, Entry)> {
        self.under_way.iter().filter_map(|change| Some((change.channel.clone(), change.entry.clone()?)))
    }

    /// What becomes of the replica when this server is gone.
    pub(super) fn promote(&self) -> Self {
        Self { logs: self.replica.clone(), replica: self.replica.clone(), under_way: VecDeque::new() }
    }

    fn change(&mut self, now: Instant, channel: &ChannelName, entry: Option<Entry>, lag: Duration) {
        let Some(log) = self.logs.get(channel) else { return };
        let (channel, log) = (channel.clone(), log.clone());
        if lag.is_zero() && self.under_way.is_empty() {
            self.replica.insert(channel, log);
        } else {
            self.under_way.push_back(Change { due: now.checked_add(lag), channel, entry, log });
        }
    }
}
