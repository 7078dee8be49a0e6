use tidewire_backbone::{Entry, Run};
use tidewire_protocol::Position;

/// A channel's recent entries in the node's memory, bounded in count and bytes.
pub(crate) struct Ring {
    run: Run,
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
    /// A ring with the newest of a run, as far as the bounds allow.
    pub(crate) fn of(run: Run, bounds: Bounds) -> Self {
        let bytes = run.entries.iter().map(weight).sum();
        let mut ring = Self { run, bytes, bounds };
        ring.trim();
        ring
    }

    /// The entries and the position before them.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// Appends an entry that follows the tip.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += weight(&entry);
        self.run.push(entry);
        self.trim();
    }

    /// The newest position that a run holds too.
    pub(crate) fn common(&self, other: &Run) -> Option<Position> {
        let newest_first = self.run.entries.iter().rev().map(|entry| entry.position);
        newest_first.chain([self.run.base]).find(|&position| other.holds(position))
    }

    /// Drops what follows a position that the ring holds.
    pub(crate) fn rewind(&mut self, to: Position) {
        self.run.rewind(to);
        self.bytes = self.run.entries.iter().map(weight).sum();
    }

    fn trim(&mut self) {
        while self.run.entries.len() > self.bounds.entries || self.bytes > self.bounds.bytes {
            match self.run.trim() {
                Some(entry) => self.bytes -= weight(&entry),
                None => return,
            }
        }
    }
}

fn weight(entry: &Entry) -> usize {
    size_of::<Entry>() + entry.weight()
}
