use std::collections::HashSet;

use crate::chaos::{Lane, Mark, Moment, Outcome, Sent};

/// What a subscription got of one publisher.
pub(super) struct Following<'h> {
    lane: &'h Lane,
    /// For each number, the chapters in which it came.
    chapters: Vec<Option<Chapters>>,
    /// The highest number of the present chapter.
    highest: Option<u32>,
    chapter: usize,
    /// What was told as missing; it may still turn up.
    missing: HashSet<u32>,
}

/// The first and the last of the chapters in which a publication came.
#[derive(Clone, Copy)]
struct Chapters {
    first: usize,
    last: usize,
}

/// How a publication came.
pub(super) enum Came {
    /// Once, and in its place.
    Well,
    /// Once more after a reset.
    Again,
    /// Twice.
    Twice,
    /// After this later one.
    After(u32),
}

/// What did not come.
#[derive(Default)]
pub(super) struct Absent {
    /// Accepted, and nothing covers them.
    pub(super) lost: Vec<u32>,
    /// Covered by a reset.
    pub(super) announced: u64,
    /// Told as missing, as far as they were accepted.
    pub(super) told_missing: Vec<u32>,
    pub(super) missing: u64,
}

impl<'h> Following<'h> {
    pub(super) fn of(lane: &'h Lane) -> Self {
        let chapters = vec![None; lane.sent.len()];
        Self { lane, chapters, highest: None, chapter: 0, missing: HashSet::new() }
    }

    pub(super) fn sent(&self, mark: Mark) -> Option<&'h Sent> {
        self.lane.sent.get(mark.number as usize)
    }

    pub(super) fn sent_at(&self, number: u32) -> Moment {
        self.lane.sent.get(number as usize).map_or(Moment::default(), |sent| sent.at)
    }

    /// Takes a publication, before which so many are told as missing.
    pub(super) fn came(&mut self, number: u32, chapter: usize, missing: u64) -> Came {
        if self.chapter != chapter {
            (self.chapter, self.highest) = (chapter, None);
        }
        self.note_missing(number, missing);
        let highest = self.highest.filter(|&highest| highest > number);
        self.highest = self.highest.max(Some(number));
        let Some(slot) = self.chapters.get_mut(number as usize) else { return Came::Well };
        let before = *slot;
        slot.get_or_insert(Chapters { first: chapter, last: chapter }).last = chapter;
        match (before, highest) {
            (Some(before), _) if before.last == chapter => Came::Twice,
            (_, Some(highest)) if !self.missing.contains(&number) => Came::After(highest),
            (Some(_), _) => Came::Again,
            (None, _) => Came::Well,
        }
    }

    /// The numbers just before this one that did not come, as far as the count goes.
    fn note_missing(&mut self, number: u32, count: u64) {
        let absent = (0..number)
            .rev()
            .take_while(|&before| self.chapters.get(before as usize).is_some_and(Option::is_none));
        let absent: Vec<u32> = absent.filter(|&number| self.may_be_in_the_log(number)).collect();
        self.missing.extend(absent.into_iter().take(count as usize));
    }

    fn may_be_in_the_log(&self, number: u32) -> bool {
        self.lane.sent.get(number as usize).is_some_and(|sent| sent.outcome != Outcome::Refused)
    }

    /// What was accepted after this moment and did not come. A reset covers what was published before it, and lies
    /// between what came before and what came after.
    pub(super) fn absent(&self, joined: Moment, resets: &[Moment]) -> Absent {
        let mut absent = Absent::default();
        let after = self.chapters_after();
        let mut before = 0;
        for (number, sent) in self.lane.sent.iter().enumerate() {
            if let Some(chapters) = self.chapters[number] {
                before = chapters.last;
                continue;
            }
            if sent.outcome != Outcome::Accepted || sent.at <= joined {
                continue;
            }
            let after = after[number].unwrap_or(resets.len());
            // Chapter n begins with reset n - 1.
            let between = resets.get(before..after).unwrap_or(&[]);
            if self.missing.contains(&(number as u32)) {
                absent.missing += 1;
                absent.told_missing.push(number as u32);
            } else if between.last().is_some_and(|&reset| reset >= sent.at) {
                absent.announced += 1;
            } else {
                absent.lost.push(number as u32);
            }
        }
        absent
    }

    /// For each number, the first chapter of the next one that came.
    fn chapters_after(&self) -> Vec<Option<usize>> {
        let mut after = vec![None; self.chapters.len()];
        let mut next = None;
        for (number, chapters) in self.chapters.iter().enumerate().rev() {
            after[number] = next;
            next = chapters.map_or(next, |chapters| Some(chapters.first));
        }
        after
    }
}
