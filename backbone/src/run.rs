use std::collections::VecDeque;

use tidewire_protocol::Position;

use crate::Entry;

/// Consecutive entries of a log after a base position: what a log retains, or a part of it, or a node's ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The position before the first entry; the run holds it too.
    pub base: Position,
    /// The entries, oldest first.
    pub entries: VecDeque<Entry>,
}

impl Run {
    /// A run without entries.
    pub fn empty(base: Position) -> Self {
        Self { base, entries: VecDeque::new() }
    }

    /// The newest position.
    pub fn tip(&self) -> Position {
        self.entries.back().map_or(self.base, |entry| entry.position)
    }

    /// Whether this history contains the position.
    pub fn holds(&self, position: Position) -> bool {
        self.index_after(position).is_some()
    }

    /// The entries after a position; `None` where the run does not hold it.
    pub fn after(
        &self,
        position: Position,
    ) -> Option<impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator> {
        Some(self.entries.range(self.index_after(position)?..))
    }

    /// The entries up to a position that the run holds; all where it does not.
    pub fn upto(&self, position: Position) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.range(..self.index_after(position).unwrap_or(self.entries.len()))
    }

    /// The newest of `offers` that the run holds; they need no order.
    pub fn newest_held(&self, offers: &[Position]) -> Option<Position> {
        offers.iter().copied().filter(|&offer| self.holds(offer)).max_by_key(|offer| offer.offset)
    }

    /// Appends an entry that follows the tip.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// Drops the oldest entry, whose position becomes the base.
    pub fn trim(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.base = entry.position;
        Some(entry)
    }

    /// Drops everything after a position that the run holds; otherwise changes nothing.
    pub fn rewind(&mut self, to: Position) {
        if let Some(index) = self.index_after(to) {
            self.entries.truncate(index);
        }
    }

    fn index_after(&self, position: Position) -> Option<usize> {
        if position == self.base {
            return Some(0);
        }
        // What arrives stands at the tip or after it: most need no search.
        let tip = self.tip();
        if position.offset >= tip.offset {
            return (position == tip).then_some(self.entries.len());
        }
        let index =
            self.entries.binary_search_by_key(&position.offset, |entry| entry.position.offset).ok()?;
        (self.entries[index].position == position).then_some(index + 1)
    }
}
