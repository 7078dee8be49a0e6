use std::collections::{BTreeMap, BTreeSet};

use crate::book::Number;

/// Acknowledged publications that the log has lost, and who could append them again.
///
/// As long as one of them lives the loss is not final: it has to be healed. What was lost while nobody alive had it is
/// excused, and so is what was lost for good with the last who had it.
#[derive(Default)]
pub(crate) struct Losses {
    open: BTreeMap<Number, BTreeSet<Keeper>>,
    pub(crate) excused: BTreeSet<Number>,
}

/// Who has a publication and may append it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keeper {
    /// A node, by the number of its start.
    Node(usize),
    /// Its publisher.
    Client(usize),
}

impl Losses {
    /// These the log lacks now; `keepers` are those who live, by publication. Answers how many came back.
    pub(crate) fn look(
        &mut self,
        lacking: &BTreeSet<Number>,
        keepers: &BTreeMap<Number, BTreeSet<Keeper>>,
        lives: impl Fn(Keeper) -> bool,
    ) -> usize {
        let before = self.open.len();
        self.open.retain(|number, _| lacking.contains(number));
        let healed = before - self.open.len();
        for &number in lacking.difference(&self.excused.clone()) {
            let open = self.open.entry(number).or_default();
            open.retain(|keeper| lives(*keeper));
            open.extend(keepers.get(&number).into_iter().flatten());
            if open.is_empty() {
                self.open.remove(&number);
                self.excused.insert(number);
            }
        }
        healed
    }

    /// What is to be healed.
    pub(crate) fn open(&self) -> &BTreeMap<Number, BTreeSet<Keeper>> {
        &self.open
    }
}
