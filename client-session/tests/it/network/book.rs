use std::collections::{BTreeMap, BTreeSet};

use tidewire_protocol::Position;
use tidewire_session::{Event, Gap};

use super::log::{Draft, Name};

/// What was promised to whom, and what came of it.
#[derive(Default)]
pub(super) struct Book {
    /// Every publication that a log took, in the order in which it was taken first, with its channel.
    pub(super) taken: Vec<(usize, Name)>,
    taken_once: BTreeSet<Name>,
    by_seq: BTreeMap<(usize, u64, u64), Name>,
    by_position: BTreeMap<(usize, u64, u32), Draft>,
    /// Acknowledged to their publisher, and when.
    pub(super) acknowledged: BTreeMap<Name, u64>,
    /// Lost while nobody alive kept them.
    pub(super) excused: BTreeSet<Name>,
    pub(super) readers: Vec<Reader>,
    /// Gone with their page before they were stored: no log may have them.
    pub(super) never_sent: BTreeSet<Name>,
    pub(super) counts: Counts,
}

/// How much a seed has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) shown: usize,
    pub(super) resets: usize,
    pub(super) missing: usize,
    pub(super) resumed: usize,
    pub(super) excused: usize,
    pub(super) restored: usize,
    pub(super) doubts: usize,
}

/// One subscription's view.
pub(super) struct Reader {
    channel: usize,
    /// How many publications were taken when it began, or was told last that all before is gone.
    owed_from: Option<usize>,
    shown: BTreeSet<Name>,
    shown_before: BTreeSet<Name>,
    told: BTreeSet<Name>,
    /// The newest of each publisher; a client that takes a new name is another.
    order: BTreeMap<u64, u32>,
    /// Where it was told that something is missing before.
    missing: BTreeSet<(u64, u32)>,
    /// Its page is gone.
    pub(super) has_left: bool,
}

impl Reader {
    pub(super) fn of(channel: usize) -> Self {
        Self {
            channel,
            owed_from: None,
            shown: BTreeSet::new(),
            shown_before: BTreeSet::new(),
            told: BTreeSet::new(),
            order: BTreeMap::new(),
            missing: BTreeSet::new(),
            has_left: false,
        }
    }
}

impl Book {
    pub(super) fn take(&mut self, channel: usize, position: Position, draft: Draft) {
        self.by_seq.insert((channel, draft.publisher.0, draft.seq), draft.name);
        self.by_position.insert((channel, position.offset, position.tag.0), draft);
        if self.taken_once.insert(draft.name) {
            self.taken.push((channel, draft.name));
        }
    }

    /// A subscription is told something; `cover` is how many publications were taken when a server said it.
    pub(super) fn tell(&mut self, reader: usize, event: &Event, cover: usize) {
        let (counts, by_position, by_seq) = (&mut self.counts, &self.by_position, &self.by_seq);
        let view = &mut self.readers[reader];
        match event {
            Event::Subscribed { recovered, .. } => {
                view.owed_from.get_or_insert(cover);
                counts.resumed += usize::from(*recovered);
            }
            Event::Gap { gap: Gap::Reset(_), .. } => {
                counts.resets += 1;
                view.owed_from = view.owed_from.max(Some(cover));
                view.shown_before.append(&mut view.shown);
                view.order.clear();
            }
            Event::Gap { gap: Gap::Missing { count, before }, .. } => {
                counts.missing += 1;
                let (offset, tag) = (before.offset, before.tag.0);
                view.missing.insert((offset, tag));
                let draft = by_position[&(view.channel, offset, tag)];
                for seq in draft.seq - count..draft.seq {
                    view.told.extend(by_seq.get(&(view.channel, draft.publisher.0, seq)));
                }
            }
            Event::Publications { publications, .. } => {
                for publication in publications {
                    let (offset, tag) = (publication.position.offset, publication.position.tag.0);
                    let name = Name::of(&publication.payload);
                    let draft = by_position[&(view.channel, offset, tag)];
                    assert_eq!(name, draft.name, "reader {reader} is shown another payload");
                    assert!(
                        publication.missing == 0 || view.missing.contains(&(offset, tag)),
                        "reader {reader} is not told of what is missing before {name:?}"
                    );
                    assert!(view.shown.insert(name), "reader {reader} is shown {name:?} twice");
                    let order = view.order.entry(draft.publisher.0).or_default();
                    assert!(
                        *order < name.number || view.told.contains(&name),
                        "reader {reader} is shown {name:?} after number {order}"
                    );
                    *order = name.number.max(*order);
                    counts.shown += 1;
                }
            }
            other => panic!("reader {reader} is told {other:?}"),
        }
    }

    /// Everything is at rest: each has got what it is owed. `log` tells what the channels' logs ever took.
    pub(super) fn close(&self, logs: &[&BTreeSet<Name>]) {
        for name in self.acknowledged.keys() {
            assert!(self.taken_once.contains(name), "{name:?} is acknowledged, and no log ever took it");
        }
        for name in &self.never_sent {
            assert!(!self.taken_once.contains(name), "{name:?} was sent before it was stored");
        }
        for (index, view) in self.readers.iter().enumerate().filter(|(_, view)| !view.has_left) {
            let from = view.owed_from.unwrap_or_else(|| panic!("reader {index} never began"));
            let lost: Vec<_> = self.taken[from..]
                .iter()
                .filter(|(channel, _)| *channel == view.channel)
                .map(|(_, name)| name)
                .filter(|name| self.acknowledged.contains_key(name) || logs[view.channel].contains(name))
                .filter(|name| !self.excused.contains(name) && !view.told.contains(name))
                .filter(|name| !view.shown.contains(name) && !view.shown_before.contains(name))
                .collect();
            assert!(lost.is_empty(), "reader {index} lost {lost:?} in silence");
        }
    }
}

impl Counts {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            shown: self.shown + other.shown,
            resets: self.resets + other.resets,
            missing: self.missing + other.missing,
            resumed: self.resumed + other.resumed,
            excused: self.excused + other.excused,
            restored: self.restored + other.restored,
            doubts: self.doubts + other.doubts,
        }
    }
}
