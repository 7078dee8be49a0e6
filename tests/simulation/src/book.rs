use std::collections::{BTreeMap, BTreeSet};

use tidewire_backbone::Taken;
use tidewire_protocol::{Payload, Position, Publication, PublisherId, Seq};
use tidewire_session::Gap;

use crate::{Failure, Promise, Tally};

/// A publication's number in its world; its payload is nothing else.
pub(crate) type Number = u32;

/// What was promised to whom, and what came of it.
#[derive(Default)]
pub(crate) struct Book {
    /// Every publication that a log took, in the order in which it was taken first.
    pub(crate) taken: Vec<Number>,
    taken_once: BTreeSet<Number>,
    numbers: BTreeMap<(PublisherId, Seq), Number>,
    names: BTreeMap<Number, (PublisherId, Seq)>,
    places: BTreeMap<(u64, u32), (Number, PublisherId, Seq)>,
    /// What each server's log ever had, those before included from which it was promoted.
    ever: Vec<BTreeSet<Number>>,
    pub(crate) acknowledged: BTreeSet<Number>,
    refused: BTreeSet<Number>,
    /// Forced out of the log: what came after it from its publisher says that it is missing.
    skipped: BTreeSet<Number>,
    pub(crate) readers: Vec<Reader>,
    pub(crate) tally: Tally,
}

/// One client's subscription as its application sees it.
#[derive(Default)]
pub(crate) struct Reader {
    /// From here on, of what was taken, it is owed all.
    owed_from: Option<usize>,
    /// In its order; since the last reset.
    shown: Vec<Number>,
    shown_before: BTreeSet<Number>,
    told_missing: BTreeSet<Number>,
    newest: BTreeMap<PublisherId, Seq>,
    gaps: BTreeSet<(u64, u32)>,
    last: Option<Position>,
    /// It was told of a gap, or its place went back.
    is_disturbed: bool,
}

impl Book {
    /// Another log takes the place of the last, without these publications.
    pub(crate) fn begin_log(&mut self, lost: &BTreeSet<Number>) {
        let before = self.ever.last().into_iter().flatten();
        let log = before.filter(|number| !lost.contains(number)).copied().collect();
        self.ever.push(log);
    }

    /// A log that has nothing of those before.
    pub(crate) fn begin_empty_log(&mut self) {
        self.ever.push(BTreeSet::new());
    }

    /// What the log ever had that is used now.
    pub(crate) fn log(&self) -> &BTreeSet<Number> {
        &self.ever[self.ever.len() - 1]
    }

    pub(crate) fn number(&self, publisher: PublisherId, seq: Seq) -> Option<Number> {
        self.numbers.get(&(publisher, seq)).copied()
    }

    pub(crate) fn take(&mut self, taken: &Taken) -> Result<(), Failure> {
        let Taken { server, entry, .. } = taken;
        let number = number_of(&entry.payload);
        self.numbers.insert((entry.publisher, entry.seq), number);
        self.names.insert(number, (entry.publisher, entry.seq));
        self.places
            .insert((entry.position.offset, entry.position.tag.0), (number, entry.publisher, entry.seq));
        let skipped =
            (entry.seq - entry.missing..entry.seq).filter_map(|seq| self.number(entry.publisher, seq));
        self.skipped.extend(skipped.collect::<Vec<_>>());
        if !self.ever[*server].insert(number) {
            return Err(Promise::OneCopy.broken(format!("log {server} takes {number} twice")));
        }
        if self.taken_once.insert(number) {
            self.taken.push(number);
        }
        Ok(())
    }

    /// What is acknowledged, and the log neither has nor says to be missing.
    pub(crate) fn lost(&self) -> BTreeSet<Number> {
        let lost = self.acknowledged.difference(self.log());
        lost.filter(|number| !self.skipped.contains(number)).copied().collect()
    }

    /// Acknowledged to its publisher.
    pub(crate) fn acknowledge(&mut self, number: Number) {
        self.acknowledged.insert(number);
        self.tally.acknowledged += 1;
    }

    /// Refused for good: it has no effect.
    pub(crate) fn refuse(&mut self, number: Number) {
        self.refused.insert(number);
    }

    /// The log went back under a reader, as far as its connection was told.
    pub(crate) fn disturb(&mut self, reader: usize) {
        self.readers[reader].is_disturbed = true;
        self.tally.rewinds += 1;
    }

    /// Where a reader goes on after what it was shown last, as its server says.
    pub(crate) fn go_on_from(&mut self, reader: usize, from: Position) {
        let reader = &mut self.readers[reader];
        reader.is_disturbed |= reader.last.is_some_and(|last| last != from);
    }

    /// A client subscribes, for the first time or after a pause.
    pub(crate) fn begin(&mut self, reader: usize) {
        self.readers[reader] = Reader::default();
    }

    /// A reader's subscription is live; `cover` is how many publications were taken when word of that came.
    pub(crate) fn is_live(&mut self, reader: usize, cover: usize) {
        self.readers[reader].owed_from.get_or_insert(cover);
        self.tally.subscribed += 1;
    }

    /// A reader is told of a gap.
    pub(crate) fn tell(&mut self, index: usize, gap: Gap, cover: usize) -> Result<(), Failure> {
        let reader = &mut self.readers[index];
        reader.is_disturbed = true;
        match gap {
            Gap::Reset(_) => {
                reader.reset(cover);
                self.tally.resets += 1;
            }
            Gap::Missing { count, before } => {
                let place = (before.offset, before.tag.0);
                let Some((_, publisher, seq)) = self.places.get(&place) else {
                    let what = format!("reader {index} is told that something is missing before nothing");
                    return Err(Promise::Truth.broken(what));
                };
                let missing = seq.saturating_sub(count)..*seq;
                reader.gaps.insert(place);
                reader.told_missing.extend(missing.filter_map(|seq| self.numbers.get(&(*publisher, seq))));
                self.tally.missing += 1;
            }
        }
        Ok(())
    }

    /// A reader is shown a publication.
    pub(crate) fn show(&mut self, index: usize, publication: &Publication) -> Result<(), Failure> {
        let Position { offset, tag } = publication.position;
        let (reader, number) = (&mut self.readers[index], number_of(&publication.payload));
        let there = self.places.get(&(offset, tag.0)).map_or(number, |(there, ..)| *there);
        let name = self.names.get(&number).filter(|_| there == number && !self.refused.contains(&number));
        let Some(name) = name else {
            let what = format!("reader {index} is shown {number} at {offset}, where no log had it");
            return Err(Promise::Truth.broken(what));
        };
        if publication.missing > 0 && !reader.gaps.contains(&(offset, tag.0)) {
            let what = format!("reader {index} is not told of what is missing before {number}");
            return Err(Promise::NothingInSilence.broken(what));
        }
        reader.take(number, *name).map_err(|failure| failure.of(&format!("reader {index}")))?;
        reader.last = Some(publication.position);
        self.tally.shown += 1;
        Ok(())
    }

    /// Whether a reader was shown it.
    pub(crate) fn has(&self, reader: usize, number: Number) -> bool {
        self.readers[reader].has(number)
    }

    /// What a reader is owed and has not got; nothing where it has not begun.
    pub(crate) fn lacking(&self, reader: usize, excused: &BTreeSet<Number>) -> Vec<Number> {
        let reader = &self.readers[reader];
        let owed = self.taken[reader.owed_from.unwrap_or(self.taken.len())..].iter().copied();
        owed.filter(|number| self.acknowledged.contains(number) || self.log().contains(number))
            .filter(|number| !excused.contains(number) && !reader.told_missing.contains(number))
            .filter(|number| !reader.has(*number))
            .collect()
    }

    /// Whether a reader's subscription was ever live.
    pub(crate) fn began(&self, reader: usize) -> bool {
        self.readers[reader].owed_from.is_some()
    }

    /// Who was never told of a gap or taken back saw the same order as all such others.
    pub(crate) fn agree(&self, readers: &[usize]) -> Result<(), Failure> {
        let calm: Vec<usize> =
            readers.iter().copied().filter(|index| !self.readers[*index].is_disturbed).collect();
        for pair in calm.windows(2) {
            let [one, other] = [&self.readers[pair[0]].shown, &self.readers[pair[1]].shown];
            let both: BTreeSet<_> = one.iter().filter(|number| other.contains(number)).collect();
            let common = |shown: &[Number]| -> Vec<Number> {
                shown.iter().copied().filter(|number| both.contains(number)).collect()
            };
            if common(one) != common(other) {
                return Err(Promise::Order.broken(format!("readers {pair:?} disagree: {one:?}, {other:?}")));
            }
        }
        Ok(())
    }
}

impl Reader {
    fn take(&mut self, number: Number, (publisher, seq): (PublisherId, Seq)) -> Result<(), Failure> {
        if self.shown.contains(&number) {
            return Err(Promise::OneCopy.broken(format!("is shown {number} twice")));
        }
        self.shown.push(number);
        let newest = self.newest.entry(publisher).or_default();
        if *newest > seq && !self.told_missing.contains(&number) {
            return Err(Promise::Order.broken(format!("is shown {number}, seq {seq}, after seq {newest}")));
        }
        *newest = seq.max(*newest);
        Ok(())
    }

    fn reset(&mut self, cover: usize) {
        self.owed_from = self.owed_from.max(Some(cover));
        self.shown_before.extend(std::mem::take(&mut self.shown));
        self.newest.clear();
        self.last = None;
    }

    fn has(&self, number: Number) -> bool {
        self.shown.contains(&number) || self.shown_before.contains(&number)
    }
}

/// The payload of a publication with this number.
pub(crate) fn payload_of(number: Number) -> Payload {
    Payload::Json(number.to_string().into())
}

/// What no client published has a number that none was given.
pub(crate) fn number_of(payload: &Payload) -> Number {
    std::str::from_utf8(payload.bytes()).ok().and_then(|text| text.parse().ok()).unwrap_or(Number::MAX)
}
