//! What one subscription got, beside what was published and what it was told.
//!
//! A reset begins a new chapter: what comes after it may repeat what came before, for those who had it put it back.
//! Within a chapter each publication comes once, each publisher's in order, without a hole.

mod lane;

use std::collections::BTreeMap;

use tidewire_protocol::{Position, PublicationId, ResetReason};

use self::lane::{Came, Following};
use super::Channel;
use super::grounds::Grounds;
use crate::chaos::{Mark, Moment, Outcome, Seen, Sight, Verdict, Wrong};

/// Judges one subscription.
pub(super) fn judge(
    sight: &Sight,
    channel: &Channel<'_>,
    grounds: Grounds<'_>,
    ended: Moment,
    verdict: &mut Verdict,
) {
    let lanes = channel.lanes.iter().map(|(&publisher, lane)| (publisher, Following::of(lane))).collect();
    let reading = Reading {
        sight,
        grounds,
        verdict,
        lanes,
        resets: Vec::new(),
        place: None,
        told: None,
        must_tell: false,
        missing: None,
    };
    reading.read(ended);
}

struct Reading<'a, 'h> {
    sight: &'h Sight,
    grounds: Grounds<'h>,
    verdict: &'a mut Verdict,
    /// By publisher.
    lanes: BTreeMap<u16, Following<'h>>,
    /// When each chapter but the first began.
    resets: Vec<Moment>,
    /// The last publication, and when it came.
    place: Option<(Moment, Position)>,
    /// It was reset since the last publication.
    told: Option<Moment>,
    /// It said that it has not recovered, and now owes a reset.
    must_tell: bool,
    /// So many publications before this position are missing.
    missing: Option<(u64, Position)>,
}

impl Reading<'_, '_> {
    fn read(mut self, ended: Moment) {
        let mut joined = None;
        for &(at, seen) in &self.sight.events {
            match seen {
                Seen::Live { recovered } => {
                    let again = joined.is_some();
                    joined.get_or_insert(at);
                    self.must_tell = again && !recovered && self.told.is_none();
                }
                Seen::Got { mark, position, id } => self.got(at, mark, position, id),
                Seen::Nonsense => self.find(Wrong::Phantom, at, || "what nobody published".to_owned()),
                Seen::Reset(reason) => self.reset(at, reason),
                Seen::Missing { count, before } => self.missing = Some((count, before)),
                Seen::Ended => self.find(Wrong::Ended, at, || "the subscription ended".to_owned()),
            }
        }
        match joined {
            Some(joined) => self.count_what_is_not_there(joined, ended),
            None => self.find(Wrong::Ended, ended, || "it was never live".to_owned()),
        }
    }

    fn got(&mut self, at: Moment, mark: Mark, position: Position, id: PublicationId) {
        self.verdict.deliveries += 1;
        let chapter = self.resets.len();
        let sent = self.lanes.get(&mark.publisher).and_then(|lane| lane.sent(mark));
        if mark.channel != self.sight.channel || sent.is_none_or(|sent| sent.outcome == Outcome::Refused) {
            let why = if sent.is_some() { "which was refused" } else { "which nobody published here" };
            return self.find(Wrong::Phantom, at, || format!("{mark}, {why}"));
        }
        if std::mem::take(&mut self.must_tell) {
            self.find(Wrong::UnannouncedGap, at, || {
                format!("{mark}, after word that the place is lost and no word of a gap")
            });
        }
        self.follows(at, mark, position, id);
        let missing = self.missing.take_if(|(_, before)| *before == position).map_or(0, |(count, _)| count);
        let Some(lane) = self.lanes.get_mut(&mark.publisher) else { return };
        let came = lane.came(mark.number, chapter, missing);
        match came {
            Came::Well => {}
            Came::Again => self.verdict.again += 1,
            Came::Twice => self.find(Wrong::Duplicate, at, || format!("{mark}")),
            Came::After(later) => {
                self.find(Wrong::Reordered, at, || {
                    format!("{mark} after number {later} of the same publisher")
                });
            }
        }
        (self.place, self.told) = (Some((at, position)), None);
    }

    /// In a log that lost nothing, what comes stands right behind what came before.
    fn follows(&mut self, at: Moment, mark: Mark, position: Position, id: PublicationId) {
        let Some((since, before)) = self.place.filter(|_| self.told.is_none()) else { return };
        if before.then(id) == position || self.grounds.for_another_branch(since, at) {
            return;
        }
        let wrong = match position.offset > before.offset + 1 {
            true => Wrong::UnannouncedGap,
            false => Wrong::Diverged,
        };
        self.find(wrong, at, || format!("{mark} at {position}, after {before}"));
    }

    fn reset(&mut self, at: Moment, reason: ResetReason) {
        self.verdict.reset(reason);
        let since = self.place.map_or(at, |(since, _)| since);
        if !self.grounds.for_reset(since, at) {
            self.find(Wrong::NeedlessReset, at, || format!("a reset, {}", reason.word()));
        }
        self.resets.push(at);
        self.told = Some(at);
        self.must_tell = false;
    }

    fn count_what_is_not_there(mut self, joined: Moment, ended: Moment) {
        for (publisher, lane) in std::mem::take(&mut self.lanes) {
            let absent = lane.absent(joined, &self.resets);
            self.verdict.gone += absent.announced;
            self.verdict.missing += absent.missing;
            let channel = self.sight.channel;
            for number in absent.lost {
                let mark = Mark { channel, publisher, number };
                self.find(Wrong::Lost, ended, || format!("{mark}"));
            }
            for number in absent.told_missing {
                let at = lane.sent_at(number);
                if !self.grounds.for_reset(at, ended) {
                    let mark = Mark { channel, publisher, number };
                    self.find(Wrong::NeedlessReset, at, || format!("{mark} was told as missing"));
                }
            }
        }
    }

    fn find(&mut self, wrong: Wrong, at: Moment, what: impl FnOnce() -> String) {
        let (subscriber, channel) = (self.sight.subscriber, self.sight.channel);
        self.verdict.find(wrong, at, || format!("subscriber {subscriber} in channel {channel}: {}", what()));
    }
}
