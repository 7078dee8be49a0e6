use tidewire_protocol::{Position, PublicationId};

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
        let newest = self.0.len() - 1;
        std::iter::once(0)
            .chain((0..).map(|power| 1 << power))
            .map_while(|back| newest.checked_sub(back).map(|index| self.0[index].0))
            .collect()
    }

    /// Goes back to a position: the ids of what was seen after it, or `None` where it is not held.
    pub(super) fn rewind(&mut self, to: Position) -> Option<Vec<PublicationId>> {
        let index = self.0.iter().rposition(|&(position, _)| position == to)?;
        Some(self.0.drain(index + 1..).filter_map(|(_, id)| id).collect())
    }
}
