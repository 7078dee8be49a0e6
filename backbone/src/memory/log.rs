use std::time::Duration;

use tidewire_protocol::{Position, Tag};
use tokio::time::Instant;

use super::publishers::{Accepted, Publishers};
use crate::{Answer, Appended, Draft, Entry, Run};

/// One channel's log.
#[derive(Clone)]
pub(super) struct Log {
    run: Run,
    /// Bytes that the entries hold.
    bytes: u64,
    publishers: Publishers,
    age: Duration,
    /// How long the tip outlives the last use.
    tips: Duration,
    published: Instant,
    used: Instant,
}

impl Log {
    /// An empty log from a random tag.
    pub(super) fn new(now: Instant, tips: Duration) -> Self {
        Self::from(Tag(rand::random()), now, tips)
    }

    /// An empty log from this tag.
    pub(super) fn from(tag: Tag, now: Instant, tips: Duration) -> Self {
        Self {
            run: Run::empty(Position { offset: 0, tag }),
            bytes: 0,
            publishers: Publishers::new(now),
            age: Duration::ZERO,
            tips,
            published: now,
            used: now,
        }
    }

    /// What it keeps from now on.
    pub(super) fn remember(&mut self, age: Duration, dedup: Duration) {
        self.age = age;
        self.publishers.set_window(dedup);
    }

    /// Appends a publication where its publisher's seqs allow.
    pub(super) fn append(&mut self, now: Instant, draft: Draft) -> Appended {
        let newest = self.publishers.newest(draft.publisher);
        let last = newest.map_or(0, |newest| newest.seq);
        if draft.seq <= last {
            let position = newest.filter(|newest| newest.seq == draft.seq).map(|newest| newest.position);
            return Appended::Old { position };
        }
        let missing = draft.seq - last - 1;
        if missing > 0 && !draft.force {
            return Appended::Behind { last };
        }
        let Draft { publisher, seq, payload, user, force: _ } = draft;
        let mut entry = Entry { position: self.run.tip(), publisher, seq, missing, payload, user };
        entry.position = entry.position.then(entry.id());
        let position = entry.position;
        self.publishers.accept(publisher, Accepted { seq, position });
        self.bytes += entry.weight() as u64;
        self.run.push(entry);
        self.published = now;
        Appended::Accepted { position: Some(position), missing }
    }

    pub(super) fn newest(&self) -> Option<&Entry> {
        self.run.entries.back()
    }

    /// Drops the oldest entries beyond the bounds, never the newest.
    pub(super) fn trim(&mut self, entries: u32, bytes: u64) {
        while self.run.entries.len() > 1
            && (self.run.entries.len() > entries as usize || self.bytes > bytes)
            && let Some(entry) = self.run.trim()
        {
            self.bytes -= entry.weight() as u64;
        }
    }

    pub(super) fn read(&self, after: u64, limit: usize) -> Answer {
        let tip = self.run.tip();
        // Offsets are dense here, so an offset names its index.
        let skipped = after.saturating_sub(self.run.base.offset).min(self.run.entries.len() as u64) as usize;
        let base = match skipped.checked_sub(1) {
            None => self.run.base,
            Some(index) => self.run.entries[index].position,
        };
        let entries = self.run.entries.iter().skip(skipped).take(limit).cloned().collect();
        Answer { run: Run { base, entries }, tip }
    }

    /// Puts its end off.
    pub(super) fn touch(&mut self, now: Instant) {
        self.used = now;
    }

    /// Drops what has become too old.
    pub(super) fn forget_idle(&mut self, now: Instant) {
        self.publishers.forget_idle(now);
        if !self.run.entries.is_empty() && self.published + self.age <= now {
            self.run = Run::empty(self.run.tip());
            self.bytes = 0;
        }
    }

    /// When to look after it again; `None` where it has ended.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        if self.end() <= now {
            return None;
        }
        let entries = (!self.run.entries.is_empty()).then(|| self.published + self.age);
        [Some(self.end()), entries, self.publishers.next_deadline()].into_iter().flatten().min()
    }

    /// When nothing of it is needed any more.
    pub(super) fn end(&self) -> Instant {
        (self.used + self.tips).max(self.published + self.age.max(self.publishers.window()))
    }
}
