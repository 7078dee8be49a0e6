use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tidewire_backbone::{Draft, Entry};
use tidewire_protocol::{Payload, Position, Tag};

use super::{Key, key};

/// The settle buffer: what was acknowledged a short time ago, oldest first.
///
/// Bounded in count and bytes; beyond that the oldest go, and are counted.
pub(super) struct Settling {
    kept: HashMap<Key, Kept>,
    /// Everything acknowledged, by the time of its last acknowledgement; some of it is gone or has a later place.
    order: VecDeque<(u64, Key)>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

struct Kept {
    entry: Entry,
    stage: Stage,
    /// The ring took it, and shares its bytes: where the log holds the ring's tip, it holds this too.
    is_met: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// So many attempts wait for an answer.
    Sent(u32),
    /// Acknowledged last at this moment.
    Acknowledged(u64),
}

impl Settling {
    pub(super) fn new(entries: usize, bytes: usize) -> Self {
        Self { kept: HashMap::new(), order: VecDeque::new(), bytes: 0, most: entries, most_bytes: bytes }
    }

    /// It is about to be published.
    pub(super) fn expect(&mut self, draft: &Draft) {
        let kept = self.kept.entry((draft.publisher, draft.seq)).or_insert_with(|| {
            let entry = Entry {
                position: UNKNOWN,
                publisher: draft.publisher,
                seq: draft.seq,
                missing: 0,
                payload: draft.payload.clone(),
                user: draft.user.clone(),
            };
            self.bytes += weight(&entry);
            Kept { entry, stage: Stage::Sent(0), is_met: false }
        });
        if let Stage::Sent(attempts) = &mut kept.stage {
            *attempts += 1;
        }
    }

    /// An attempt will get no acknowledgement.
    pub(super) fn forget(&mut self, key: Key) {
        let Some(kept) = self.kept.get_mut(&key) else { return };
        match &mut kept.stage {
            Stage::Sent(attempts) if *attempts > 1 => *attempts -= 1,
            Stage::Sent(_) => self.remove(key),
            Stage::Acknowledged(_) => {}
        }
    }

    /// The log has it.
    pub(super) fn acknowledge(&mut self, key: Key, position: Option<Position>, now: u64) {
        let Some(kept) = self.kept.get_mut(&key) else { return };
        if !kept.is_met {
            kept.entry.position = position.unwrap_or(kept.entry.position);
            // Its bytes may be a small part of a large message, which would stay with them.
            kept.entry.payload = copied(&kept.entry.payload);
        }
        self.place(key, now);
    }

    /// The log has this, whoever published it.
    pub(super) fn settle(&mut self, entry: Entry, now: u64) {
        let key = key(&entry);
        match self.kept.get_mut(&key) {
            Some(kept) if kept.is_met => {}
            Some(kept) => kept.entry.position = entry.position,
            None => self.insert(entry),
        }
        self.place(key, now);
    }

    /// The log had this at an earlier moment.
    pub(super) fn inherit(&mut self, entry: Entry, heard: u64) {
        let key = key(&entry);
        if !self.kept.contains_key(&key) {
            self.insert(entry);
            self.place(key, heard);
        }
    }

    /// The ring took it.
    pub(super) fn meet(&mut self, entry: &Entry) {
        if self.kept.is_empty() {
            return;
        }
        if let Some(kept) = self.kept.get_mut(&key(entry)) {
            self.bytes = self.bytes + weight(entry) - weight(&kept.entry);
            kept.entry = entry.clone();
            kept.is_met = true;
        }
    }

    /// What the ring took after this is not known to be in the log any more.
    pub(super) fn part(&mut self, common: Option<Position>) {
        let stays = |position: Position| common.is_some_and(|common| position.offset <= common.offset);
        for kept in self.kept.values_mut() {
            kept.is_met &= stays(kept.entry.position);
        }
    }

    /// What is acknowledged, and when, that a ring has not taken.
    pub(super) fn unmet(&self) -> impl Iterator<Item = (&Entry, u64)> {
        self.kept.values().filter(|kept| !kept.is_met).filter_map(Kept::acknowledged)
    }

    /// What is acknowledged, and when.
    #[cfg(feature = "simulation")]
    pub(super) fn acknowledged(&self) -> impl Iterator<Item = (&Entry, u64)> {
        self.kept.values().filter_map(Kept::acknowledged)
    }

    /// Whether it is acknowledged.
    pub(super) fn has(&self, key: Key) -> bool {
        self.kept.get(&key).is_some_and(|kept| matches!(kept.stage, Stage::Acknowledged(_)))
    }

    /// Drops what was acknowledged before this.
    pub(super) fn let_go(&mut self, before: u64) {
        while let Some((_, key)) = self.order.pop_front_if(|(at, _)| *at < before) {
            self.drop_settled(key, before);
        }
        if self.kept.is_empty() && self.kept.capacity() > 0 {
            (self.kept, self.order) = (HashMap::new(), VecDeque::new());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn insert(&mut self, entry: Entry) {
        self.bytes += weight(&entry);
        self.kept.insert(key(&entry), Kept { entry, stage: Stage::Sent(0), is_met: false });
    }

    fn place(&mut self, key: Key, at: u64) {
        let Some(kept) = self.kept.get_mut(&key) else { return };
        kept.stage = Stage::Acknowledged(at);
        self.order.push_back((at, key));
        let mut overflow = 0;
        // The order holds a place for each acknowledgement: of these too there are no more than allowed.
        while self.order.len() > self.most || self.bytes > self.most_bytes {
            let Some((at, key)) = self.order.pop_front() else { break };
            overflow += u64::from(self.drop_settled(key, at + 1));
        }
        if overflow > 0 {
            metrics::counter!("tidewire_settling_overflow_total").increment(overflow);
        }
    }

    /// Drops it if it was not acknowledged since; answers whether it did.
    fn drop_settled(&mut self, key: Key, before: u64) -> bool {
        let settled = match self.kept.get(&key).map(|kept| kept.stage) {
            Some(Stage::Acknowledged(at)) => at < before,
            Some(Stage::Sent(_)) | None => false,
        };
        if settled {
            self.remove(key);
        }
        settled
    }

    fn remove(&mut self, key: Key) {
        if let Some(kept) = self.kept.remove(&key) {
            self.bytes -= weight(&kept.entry);
        }
    }
}

impl Kept {
    fn acknowledged(&self) -> Option<(&Entry, u64)> {
        match self.stage {
            Stage::Acknowledged(at) => Some((&self.entry, at)),
            Stage::Sent(_) => None,
        }
    }
}

fn weight(entry: &Entry) -> usize {
    size_of::<Kept>() + entry.weight()
}

fn copied(payload: &Payload) -> Payload {
    match payload {
        Payload::Json(bytes) => Payload::Json(Bytes::copy_from_slice(bytes)),
        Payload::Binary(bytes) => Payload::Binary(Bytes::copy_from_slice(bytes)),
    }
}

/// Of what the log said that it is old, and not where.
const UNKNOWN: Position = Position { offset: 0, tag: Tag(0) };

#[cfg(test)]
mod tests {
    use tidewire_protocol::PublisherId;

    use super::*;

    #[test]
    fn what_is_acknowledged_is_kept_until_it_is_settled() {
        let mut settling = acknowledged(1..=3);
        settling.let_go(2);
        assert_eq!(seqs(&settling), [2, 3]);
        settling.let_go(4);
        assert!(settling.is_empty() && settling.bytes() == 0);
    }

    #[test]
    fn what_is_acknowledged_again_settles_anew() {
        let mut settling = acknowledged(1..=2);
        settling.acknowledge((PublisherId(7), 1), None, 9);
        settling.let_go(5);
        assert_eq!(seqs(&settling), [1]);
    }

    #[test]
    fn what_got_no_answer_is_not_kept() {
        let mut settling = Settling::new(9, 1 << 20);
        settling.expect(&draft(1));
        settling.expect(&draft(1));
        settling.forget((PublisherId(7), 1));
        assert!(!settling.is_empty(), "another attempt waits");
        settling.forget((PublisherId(7), 1));
        assert!(settling.is_empty() && settling.bytes() == 0);
    }

    #[test]
    fn beyond_its_bounds_the_oldest_go() {
        let mut settling = Settling::new(2, 1 << 20);
        for seq in 1..=4 {
            settling.expect(&draft(seq));
            settling.acknowledge((PublisherId(7), seq), None, seq);
        }
        assert_eq!(seqs(&settling), [3, 4]);
    }

    #[test]
    fn it_shares_its_bytes_with_the_ring() {
        let mut settling = acknowledged(1..=1);
        let in_ring = entry(1);
        settling.meet(&in_ring);
        assert!(seqs(&settling).is_empty());
        settling.part(None);
        let (kept, _) = settling.unmet().next().unwrap();
        assert_eq!(kept.payload.bytes().as_ptr(), in_ring.payload.bytes().as_ptr());
    }

    fn acknowledged(seqs: std::ops::RangeInclusive<u64>) -> Settling {
        let mut settling = Settling::new(9, 1 << 20);
        for seq in seqs {
            settling.expect(&draft(seq));
            settling.acknowledge((PublisherId(7), seq), None, seq);
        }
        settling
    }

    fn seqs(settling: &Settling) -> Vec<u64> {
        let mut seqs: Vec<_> = settling.unmet().map(|(entry, _)| entry.seq).collect();
        seqs.sort_unstable();
        seqs
    }

    fn draft(seq: u64) -> Draft {
        let Entry { publisher, seq, payload, user, .. } = entry(seq);
        Draft { publisher, seq, payload, user, force: false }
    }

    fn entry(seq: u64) -> Entry {
        let payload = Payload::Json(format!("\"{seq}\"").into());
        let position = Position { offset: seq, tag: Tag(0) };
        Entry { position, publisher: PublisherId(7), seq, missing: 0, payload, user: None }
    }
}
