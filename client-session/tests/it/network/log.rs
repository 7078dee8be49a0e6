use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tidewire_protocol::{Payload, Position, Publication, PublicationId, PublisherId, Tag};

/// Names a publication for the checks: which client made it, and its how manieth it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) client: usize,
    pub(super) number: u32,
}

impl Name {
    pub(super) fn payload(self) -> Payload {
        Payload::Binary(format!("{} {}", self.client, self.number).into_bytes().into())
    }

    pub(super) fn of(payload: &Payload) -> Self {
        let text = std::str::from_utf8(payload.bytes()).unwrap();
        let (client, number) = text.split_once(' ').unwrap();
        Self { client: client.parse().unwrap(), number: number.parse().unwrap() }
    }
}

/// One publish, as a node keeps it to heal the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) publisher: PublisherId,
    pub(super) seq: u64,
    pub(super) name: Name,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) draft: Draft,
    missing: u64,
    taken: u64,
    last_before: Option<(u64, u64)>,
}

impl Entry {
    pub(super) fn publication(&self) -> Publication {
        Publication {
            position: self.position,
            id: PublicationId::of(self.draft.publisher, self.draft.seq),
            payload: self.draft.name.payload(),
            user: None,
            missing: self.missing,
        }
    }
}

/// One channel's log: consecutive seqs only, positions with tags, trimmed by count.
#[derive(Clone, Debug)]
pub(super) struct Log {
    base: Position,
    entries: VecDeque<Entry>,
    retention: usize,
    /// Each publisher's last accepted seq, and when.
    last: BTreeMap<PublisherId, (u64, u64)>,
    /// All that it ever took.
    pub(super) ever: BTreeSet<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted(Position),
    Old,
    Behind(u64),
}

impl Log {
    pub(super) fn new(tag: u32, retention: usize) -> Self {
        Self {
            base: Position { offset: 0, tag: Tag(tag) },
            entries: VecDeque::new(),
            retention,
            last: BTreeMap::new(),
            ever: BTreeSet::new(),
        }
    }

    pub(super) fn tip(&self) -> Position {
        self.entries.back().map_or(self.base, |entry| entry.position)
    }

    pub(super) fn base(&self) -> Position {
        self.base
    }

    pub(super) fn holds(&self, position: Position) -> bool {
        self.after(position).is_some()
    }

    /// What follows a position, if it is held.
    pub(super) fn after(&self, position: Position) -> Option<impl Iterator<Item = &Entry>> {
        let skip = if position == self.base {
            0
        } else {
            1 + self.entries.iter().position(|entry| entry.position == position)?
        };
        Some(self.entries.iter().skip(skip))
    }

    /// The position so many entries before the tip, as far as the log goes.
    pub(super) fn back(&self, count: usize) -> Position {
        match self.entries.len().checked_sub(count + 1) {
            Some(index) => self.entries[index].position,
            None if count == 0 => self.tip(),
            None => self.base,
        }
    }

    /// `Checked::Any` is the broken log that the checks must catch.
    pub(super) fn publish(&mut self, now: u64, draft: Draft, force: bool, checked: Checked) -> Answer {
        let last_before = self.last.get(&draft.publisher).copied();
        let last = last_before.map_or(0, |(last, _)| last);
        if draft.seq <= last {
            return Answer::Old;
        }
        if draft.seq > last + 1 && !force && checked == Checked::Consecutive {
            return Answer::Behind(last);
        }
        assert!(self.ever.insert(draft.name), "the log takes {:?} twice", draft.name);
        let missing = if checked == Checked::Consecutive { draft.seq - last - 1 } else { 0 };
        let position = self.tip().then(PublicationId::of(draft.publisher, draft.seq));
        self.entries.push_back(Entry { position, draft, missing, taken: now, last_before });
        self.last.insert(draft.publisher, (draft.seq, now));
        while self.entries.len() > self.retention {
            self.base = self.entries.pop_front().unwrap().position;
        }
        Answer::Accepted(position)
    }

    /// Publishers that were idle for the de-duplication window are forgotten.
    pub(super) fn forget_idle(&mut self, now: u64, dedup_ms: u64) {
        self.last.retain(|_, (_, at)| now < *at + dedup_ms);
    }

    /// What a replica has that lags by so much.
    pub(super) fn lagging(&self, now: u64, lag_ms: u64) -> Self {
        let mut replica = self.clone();
        while let Some(entry) = replica.entries.pop_back_if(|entry| entry.taken + lag_ms > now) {
            replica.ever.remove(&entry.draft.name);
            match entry.last_before {
                Some(last) => replica.last.insert(entry.draft.publisher, last),
                None => replica.last.remove(&entry.draft.publisher),
            };
        }
        replica
    }
}

/// Whether a log takes consecutive seqs only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Consecutive,
    Any,
}
