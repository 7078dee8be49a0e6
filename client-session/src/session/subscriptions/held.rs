use tidewire_protocol::{Position, PublicationId};

use crate::session::table::Table;

/// The positions of the newest publications that a subscription has seen, with their ids: at least the last 256. Never
/// empty; the oldest may be a mere position. A list, because it is short and every page downloads this code.
#[derive(Debug)]
pub(super) struct Held(Vec<(Position, Option<PublicationId>)>);

const ENOUGH: usize = 256;

impl Held {
    pub(super) fn at(position: Position) -> Self {
        Self(vec![(position, None)])
    }

    pub(super) fn push(&mut self, position: Position, id: PublicationId) {
        // Not one at each publication: to move all the others costs.
        if self.0.len() == 2 * ENOUGH {
            self.0.drain(..ENOUGH);
        }
        self.0.push((position, Some(id)));
    }

    /// The newest position.
    pub(super) fn tip(&self) -> Option<Position> {
        self.0.last().map(|&(position, _)| position)
    }

    /// What a returning subscriber offers: the newest position and those 1, 2, 4, 8 … entries back.
    pub(super) fn offers(&self) -> Vec<Position> {
        let mut offers = Vec::new();
        let mut back = 0;
        while let Some(&(position, _)) = self.0.iter().nth_back(back) {
            offers.push(position);
            back = (2 * back).max(1);
        }
        offers
    }

    /// Goes back to a position, and notes the ids of what was seen after it. Says whether the position is held.
    pub(super) fn rewind(&mut self, to: Position, seen: &mut Table<u32, ()>) -> bool {
        let Some(index) = self.0.iter().rposition(|&(position, _)| position == to) else { return false };
        while self.0.len() > index + 1 {
            if let Some((_, Some(id))) = self.0.pop() {
                seen.insert(id.0, ());
            }
        }
        true
    }
}
