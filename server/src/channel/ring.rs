use std::collections::VecDeque;

use tidewire_backbone::{Entry, Run};
use tidewire_protocol::Position;

use crate::healing::NEVER;

/// A channel's recent entries in the node's memory, bounded in count and bytes.
pub(crate) struct Ring {
    run: Run,
    /// When each entry was heard of.
    heard: VecDeque<u64>,
    bytes: usize,
    bounds: Bounds,
}

/// How much a ring keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Entries.
    pub(crate) entries: usize,
    /// Bytes.
    pub(crate) bytes: usize,
}

impl Ring {
    /// A ring with the newest of a run, whose age nobody knows, as far as the bounds allow.
    pub(crate) fn of(run: Run, bounds: Bounds) -> Self {
        let bytes = run.entries.iter().map(weight).sum();
        let heard = run.entries.iter().map(|_| NEVER).collect();
        let mut ring = Self { run, heard, bytes, bounds };
        ring.trim();
        ring
    }

    /// The entries and the position before them.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// The entries after a position that the ring holds, or all, and when each was heard of.
    pub(crate) fn heard_after(
        &self,
        position: Option<Position>,
    ) -> impl DoubleEndedIterator<Item = (&Entry, u64)> {
        let after = position.and_then(|position| self.run.after(position)).map(|after| after.len());
        let skip = self.run.entries.len() - after.unwrap_or(self.run.entries.len());
        self.run.entries.iter().zip(self.heard.iter().copied()).skip(skip)
    }

    /// Appends an entry that follows the tip, and was heard of at this moment.
    pub(crate) fn push(&mut self, entry: Entry, heard: u64) {
        self.bytes += weight(&entry);
        self.run.push(entry);
        self.heard.push_back(heard);
        self.trim();
    }

    /// Puts in front what a run of the same history has before the first entry, as far as the bounds allow.
    pub(crate) fn widen(&mut self, run: &Run) {
        if !run.holds(self.run.base) {
            return;
        }
        let mut earlier = run.upto(self.run.base).rev().peekable();
        while let Some(entry) = earlier.next() {
            let bytes = self.bytes + weight(entry);
            if self.run.entries.len() >= self.bounds.entries || bytes > self.bounds.bytes {
                return;
            }
            self.bytes = bytes;
            self.run.entries.push_front(entry.clone());
            self.heard.push_front(NEVER);
            self.run.base = earlier.peek().map_or(run.base, |before| before.position);
        }
    }

    /// The newest position that a run holds too.
    pub(crate) fn common(&self, other: &Run) -> Option<Position> {
        let newest_first = self.run.entries.iter().rev().map(|entry| entry.position);
        newest_first.chain([self.run.base]).find(|&position| other.holds(position))
    }

    /// Drops what follows a position that the ring holds.
    pub(crate) fn rewind(&mut self, to: Position) {
        self.run.rewind(to);
        self.heard.truncate(self.run.entries.len());
        self.bytes = self.run.entries.iter().map(weight).sum();
    }

    fn trim(&mut self) {
        while self.run.entries.len() > self.bounds.entries || self.bytes > self.bounds.bytes {
            match self.run.trim() {
                Some(entry) => {
                    self.heard.pop_front();
                    self.bytes -= weight(&entry);
                }
                None => return,
            }
        }
    }
}

fn weight(entry: &Entry) -> usize {
    size_of::<Entry>() + entry.weight()
}
