use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tidewire_protocol::{ChannelName, Tag};
use tokio::time::Instant;

use super::Lost;
use crate::memory::log::Log;
use crate::{Appended, Arrival, Draft, EphemeralPublication, Retention};

/// A server that takes writes, and the replica that follows it.
#[derive(Default)]
pub(super) struct Primary {
    logs: BTreeMap<ChannelName, Log>,
    replica: BTreeMap<ChannelName, Log>,
    /// Each change of a log: when the replica has it, and the log after it.
    under_way: VecDeque<(Option<Instant>, ChannelName, Log)>,
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
                self.write(now, channel, lag);
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
            self.write(now, channel, lag);
        }
        let log = self.logs.entry(channel.clone()).or_insert_with(|| Log::from(Tag(tag), now, tips));
        log.forget_idle(now);
        log.touch(now);
        log
    }

    pub(super) fn trim(&mut self, channel: &ChannelName, entries: u32) {
        let on_replica = self.replica.get_mut(channel);
        let under_way =
            self.under_way.iter_mut().filter(|(_, name, _)| name == channel).map(|(_, _, log)| log);
        self.logs.get_mut(channel).into_iter().chain(on_replica).chain(under_way).for_each(|log| {
            log.trim(entries, u64::MAX);
        });
    }

    /// The replica takes what has come to it by now.
    pub(super) fn replicate(&mut self, now: Instant) {
        while let Some((_, channel, log)) =
            self.under_way.pop_front_if(|(due, ..)| due.is_some_and(|due| due <= now))
        {
            self.replica.insert(channel, log);
        }
    }

    /// What the replica has not got.
    pub(super) fn unreplicated(&self) -> Vec<Lost> {
        let mut lost = Vec::new();
        for (channel, log) in &self.logs {
            let has = self.replica.get(channel).map_or(0, |replica| replica.read(u64::MAX, 0).tip.offset);
            let entries = log.read(has, usize::MAX).run.entries;
            lost.extend(entries.into_iter().map(|entry| Lost { channel: channel.clone(), entry }));
        }
        lost
    }

    /// What becomes of the replica when this server is gone.
    pub(super) fn promote(&self) -> Self {
        Self { logs: self.replica.clone(), replica: self.replica.clone(), under_way: VecDeque::new() }
    }

    fn write(&mut self, now: Instant, channel: &ChannelName, lag: Duration) {
        let Some(log) = self.logs.get(channel) else { return };
        // A lag without end: not before the next failover.
        let due = now.checked_add(lag);
        match due.filter(|due| *due <= now && self.under_way.is_empty()) {
            Some(_) => {
                self.replica.insert(channel.clone(), log.clone());
            }
            None => self.under_way.push_back((due, channel.clone(), log.clone())),
        }
    }
}
