use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tidewire_backbone::{Draft, Entry};
use tidewire_protocol::PublisherId;

use super::{Key, key};

/// What a log lacks, in the order in which it is appended again.
pub(super) struct Mending {
    entries: Vec<Lacking>,
    /// Since when the log has said of publishers that earlier seqs are missing.
    behind: HashMap<PublisherId, u64>,
    most: usize,
}

struct Lacking {
    entry: Entry,
    /// When it was in a log.
    heard: u64,
}

impl Mending {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: Vec::new(), behind: HashMap::new(), most }
    }

    /// More is lacking. What is beyond the bound is counted, and left to others.
    pub(super) fn add(&mut self, lacking: Vec<(Entry, u64)>) {
        let mut known: HashSet<Key> = self.entries.iter().map(|lacking| key(&lacking.entry)).collect();
        let mut new: Vec<Lacking> = lacking
            .into_iter()
            .filter(|(entry, _)| known.insert(key(entry)))
            .map(|(entry, heard)| Lacking { entry, heard })
            .collect();
        if new.is_empty() {
            return;
        }
        new.sort_by_key(|lacking| place(&lacking.entry));
        let overflow = new.len().saturating_sub(self.most.saturating_sub(self.entries.len()));
        metrics::counter!("tidewire_unhealable_total").increment(overflow as u64);
        new.truncate(new.len() - overflow);
        self.entries.append(&mut new);
        self.entries.sort_by_key(|lacking| place(&lacking.entry));
    }

    /// All of it, to be published in this order. The first of a publisher that has been behind for long is forced.
    pub(super) fn drafts(&self, now: u64) -> Vec<Draft> {
        let mut forced = HashSet::new();
        let draft = |Lacking { entry, .. }: &Lacking| {
            let since = self.behind.get(&entry.publisher);
            let is_due = since.is_some_and(|since| now.saturating_sub(*since) >= PATIENCE);
            Draft {
                publisher: entry.publisher,
                seq: entry.seq,
                payload: entry.payload.clone(),
                user: entry.user.clone(),
                force: is_due && forced.insert(entry.publisher),
            }
        };
        self.entries.iter().map(draft).collect()
    }

    /// It is in the log. Answers with the moment at which it was in one before.
    pub(super) fn remove(&mut self, key: Key) -> Option<(Entry, u64)> {
        let index = self.entries.iter().position(|lacking| super::key(&lacking.entry) == key)?;
        self.behind.remove(&key.0);
        let Lacking { entry, heard } = self.entries.remove(index);
        Some((entry, heard))
    }

    /// Earlier seqs of its publisher are missing.
    pub(super) fn is_behind(&mut self, (publisher, _): Key, now: u64) {
        self.behind.entry(publisher).or_insert(now);
    }

    /// Drops what is too old to be appended again; answers how many.
    pub(super) fn give_up(&mut self, now: u64, memory: u64) -> usize {
        let before = self.entries.len();
        self.entries.retain(|lacking| now.saturating_sub(lacking.heard) < memory);
        if self.entries.is_empty() {
            self.behind = HashMap::new();
        }
        before - self.entries.len()
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.entries.iter().any(|lacking| super::key(&lacking.entry) == key)
    }

    /// All of it, and when it was in a log.
    #[cfg(feature = "simulation")]
    pub(super) fn lacking(&self) -> impl Iterator<Item = (&Entry, u64)> {
        self.entries.iter().map(|lacking| (&lacking.entry, lacking.heard))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// The order of the log that lost them, as far as that is known; in any case each publisher's own.
fn place(entry: &Entry) -> (u64, PublisherId, u64) {
    (entry.position.offset, entry.publisher, entry.seq)
}

/// How long a publisher may be behind before an entry is forced, in milliseconds: other nodes and the publisher may
/// have what is missing, and clients force after 5 s.
const PATIENCE: u64 = Duration::from_secs(3).as_millis() as u64;

#[cfg(test)]
mod tests {
    use tidewire_protocol::{Payload, Position, Seq, Tag};

    use super::*;

    #[test]
    fn it_goes_in_the_order_of_the_log_that_was_lost() {
        let mut mending = Mending::new(9);
        mending.add(vec![entry(3, 8, 1), entry(1, 7, 4)]);
        mending.add(vec![entry(2, 7, 5), entry(3, 8, 1)]);
        assert_eq!(order(&mending, 0), [(7, 4, false), (7, 5, false), (8, 1, false)]);
    }

    #[test]
    fn only_the_first_of_a_publisher_that_is_behind_for_long_is_forced() {
        let mut mending = Mending::new(9);
        mending.add(vec![entry(1, 7, 4), entry(2, 7, 5), entry(3, 8, 1)]);
        mending.is_behind((PublisherId(7), 4), 100);
        assert_eq!(order(&mending, 100 + PATIENCE - 1), [(7, 4, false), (7, 5, false), (8, 1, false)]);
        assert_eq!(order(&mending, 100 + PATIENCE), [(7, 4, true), (7, 5, false), (8, 1, false)]);
        mending.remove((PublisherId(7), 4));
        assert_eq!(order(&mending, 100 + PATIENCE), [(7, 5, false), (8, 1, false)]);
    }

    #[test]
    fn what_a_log_may_have_forgotten_is_given_up() {
        let mut mending = Mending::new(9);
        mending.add(vec![entry(1, 7, 4)]);
        assert_eq!((mending.give_up(50, 51), mending.give_up(51, 51)), (0, 1));
        assert!(mending.is_empty());
    }

    fn entry(offset: u64, publisher: u64, seq: Seq) -> (Entry, u64) {
        let (publisher, payload) = (PublisherId(publisher), Payload::Json("1".into()));
        let position = Position { offset, tag: Tag(0) };
        (Entry { position, publisher, seq, missing: 0, payload, user: None }, 0)
    }

    fn order(mending: &Mending, now: u64) -> Vec<(u64, Seq, bool)> {
        mending.drafts(now).into_iter().map(|draft| (draft.publisher.0, draft.seq, draft.force)).collect()
    }
}
