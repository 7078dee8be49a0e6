//! Whether what is promised holds: looked at whenever something is lost, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::Number;
use crate::client::Client;
use crate::losses::Keeper;
use crate::node::Health;
use crate::world::{Due, World};
use crate::{Failure, Promise};

/// How far the world has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Faults,
    /// All is mended, and has to come to rest.
    Resting,
    /// Everybody has to be shown this.
    Ending(Number),
    Over,
}

impl World<'_> {
    pub(crate) fn take_down_the_journal(&mut self) -> Result<(), Failure> {
        let now = self.now();
        for taken in self.faults.journal() {
            self.told.say(|| format!("{now:>6} log {} takes {:?}", taken.server, taken.entry));
            self.book.take(&taken)?;
        }
        Ok(())
    }

    /// What is acknowledged and not in the log has to be kept by somebody alive.
    pub(crate) fn look_for_losses(&mut self) -> Result<(), Failure> {
        self.take_down_the_journal()?;
        let lacking = self.book.lost();
        if lacking.is_empty() && self.losses.open().is_empty() {
            return Ok(());
        }
        let keepers = self.keepers(&lacking);
        let (places, clients) = (&self.places, &self.clients);
        let lives = |keeper| match keeper {
            Keeper::Node(start) => {
                places.iter().any(|place| place.start == start && place.health != Health::Crashed)
            }
            Keeper::Client(client) => !clients[client].is_gone,
        };
        let (healed, before) = (self.losses.look(&lacking, &keepers, lives), self.losses.excused.len());
        self.book.tally.healed += healed as u64;
        self.book.tally.excused = before as u64;
        let now = self.now();
        let (open, excused) = (self.losses.open(), &self.losses.excused);
        self.told.say(|| format!("{now:>6} the log lacks {open:?}; excused are {excused:?}"));
        Ok(())
    }

    /// Who has these, and will have them for long enough after the faults.
    fn keepers(&self, lacking: &BTreeSet<Number>) -> BTreeMap<Number, BTreeSet<Keeper>> {
        let now = self.now();
        let least = self.plan.size.active.saturating_sub(now) + LONG_ENOUGH;
        let mut keepers: BTreeMap<Number, BTreeSet<Keeper>> = BTreeMap::new();
        // Who keeps little may have let go of anything.
        if self.plan.size.settling == 1 {
            return keepers;
        }
        let lives_on = |at: &u64| at + self.plan.size.settle >= now + least;
        let mut keeps = |number: Number, keeper| {
            if lacking.contains(&number) {
                keepers.entry(number).or_default().insert(keeper);
            }
        };
        for place in self.places.iter().filter(|place| place.health != Health::Crashed) {
            let kept = place.keeps(&self.channel, least);
            let kept = kept.into_iter().filter_map(|(publisher, seq)| self.book.number(publisher, seq));
            let acknowledged =
                place.acknowledged.iter().filter(|(_, at)| lives_on(at)).map(|(number, _)| *number);
            kept.chain(acknowledged).for_each(|number| keeps(number, Keeper::Node(place.start)));
        }
        for (index, client) in self.clients.iter().enumerate().filter(|(_, client)| !client.is_gone) {
            let acknowledged = client.acknowledged.iter().filter(|(_, at)| lives_on(at));
            acknowledged.for_each(|(number, _)| keeps(*number, Keeper::Client(index)));
        }
        keepers
    }

    pub(crate) fn begin_to_look(&mut self) {
        self.stage = Stage::Resting;
        let at = self.now() + LOOKS;
        self.at(at, Due::Look);
    }

    /// All is mended: has everything come to rest?
    pub(crate) fn look(&mut self) -> Result<(), Failure> {
        self.look_for_losses()?;
        let unrest = self.unrest();
        let readers: Vec<usize> = self.living_readers().collect();
        match (self.stage, unrest) {
            (Stage::Faults | Stage::Over, _) => return Ok(()),
            (_, unrest) if self.now() > self.plan.size.active + REST => {
                let unseen = || Promise::Rest.broken(String::from("the end is not shown to all"));
                return Err(unrest.unwrap_or_else(unseen));
            }
            (_, Some(_)) => {}
            (Stage::Ending(end), None) if readers.iter().all(|reader| self.book.has(*reader, end)) => {
                self.stage = Stage::Over;
                return self.book.agree(&readers);
            }
            // Whoever was reset past the last end is shown another.
            (Stage::Resting | Stage::Ending(_), None) => self.stage = Stage::Ending(self.publish(0)?),
        }
        let at = self.now() + LOOKS;
        self.at(at, Due::Look);
        Ok(())
    }

    fn unrest(&self) -> Option<Failure> {
        if let Some((number, keepers)) = self.losses.open().first_key_value() {
            let what = format!("{number} was acknowledged and stays lost, though {keepers:?} had it");
            return Some(Promise::NothingInSilence.broken(what));
        }
        for (index, client) in self.clients.iter().enumerate().filter(|(_, client)| !client.is_gone) {
            if !client.waiting.is_empty() {
                let what = format!("client {index} gets no answer to {:?}", client.waiting.values());
                return Some(Promise::Rest.broken(what));
            }
        }
        for reader in self.living_readers() {
            if !self.book.began(reader) {
                return Some(Promise::Rest.broken(format!("reader {reader} never begins")));
            }
            let lacking = self.book.lacking(reader, &self.losses.excused);
            if !lacking.is_empty() {
                let what = format!("reader {reader} lost {lacking:?} in silence");
                return Some(Promise::NothingInSilence.broken(what));
            }
        }
        None
    }

    fn living_readers(&self) -> impl Iterator<Item = usize> {
        let subscribed = |client: &Client| !client.is_gone && client.is_subscribed;
        (0..self.book.readers.len()).filter(move |reader| subscribed(&self.clients[*reader]))
    }
}

/// Between two looks at whether all is at rest.
const LOOKS: u64 = 250;
/// After the last fault everything must come to rest within this.
const REST: u64 = 100_000;
/// Who has a publication for so much longer than the faults last can be expected to put it back.
const LONG_ENOUGH: u64 = 25_000;
