//! The judge itself, on histories made by hand: each has one thing wrong, and it must say which.

use std::collections::HashMap;
use std::time::Duration;

use tidewire_protocol::{Position, PublicationId, PublisherId, ResetReason, Tag};

use super::judge;
use crate::chaos::{
    Harm, History, Lane, LogLoss, Lost, Mark, Moment, Outcome, Seen, Sent, Sight, Verdict, Wrong,
};

/// A channel with one log, a publisher that hands over a publication every 10 ms, and who sees what.
struct Story {
    history: History,
    log: HashMap<Mark, Position>,
    tip: Position,
    now: u64,
}

const STEP: u64 = 10_000;
const LIVE: Seen = Seen::Live { recovered: true };

impl Story {
    /// So many publications, all accepted and in the log, the first after 1 s.
    fn of(count: u32) -> Self {
        let lane = Lane { channel: 0, publisher: 0, sent: Vec::new() };
        let history = History { lanes: vec![lane], ..History::default() };
        let tip = Position { offset: 0, tag: Tag(7) };
        let mut story = Self { history, log: HashMap::new(), tip, now: 1_000_000 };
        (0..count).for_each(|_| story.publishes(0));
        story
    }

    fn publishes(&mut self, lane: usize) {
        self.now += STEP;
        let lane = &mut self.history.lanes[lane];
        let number = lane.sent.len() as u32;
        let mark = Mark { channel: 0, publisher: lane.publisher, number };
        lane.sent.push(Sent { at: Moment(self.now), outcome: Outcome::Accepted });
        self.tip = self.tip.then(id(mark));
        self.log.insert(mark, self.tip);
    }

    fn another_publisher(&mut self) -> usize {
        self.history.lanes.push(Lane { channel: 0, publisher: 1, sent: Vec::new() });
        self.history.lanes.len() - 1
    }

    fn answered(mut self, number: usize, outcome: Outcome) -> Self {
        self.history.lanes[0].sent[number].outcome = outcome;
        self
    }

    fn loses(mut self, what: Lost, at: u64) -> Self {
        self.history.losses.push(LogLoss { at: Moment(at), what });
        self
    }

    /// A subscriber that is live before the first publication, and then sees these, each a step after the one before.
    fn seen(mut self, events: impl IntoIterator<Item = Seen>) -> Self {
        let mut at = 1_000_000;
        let mut all = vec![(Moment(1), LIVE)];
        all.extend(events.into_iter().map(|seen| {
            at += STEP;
            (Moment(at + 1), seen)
        }));
        let subscriber = self.history.sights.len() as u16;
        self.history.sights.push(Sight { subscriber, channel: 0, events: all });
        self
    }

    fn got(&self, number: u32) -> Seen {
        self.got_of(0, number)
    }

    fn got_of(&self, publisher: u16, number: u32) -> Seen {
        let mark = Mark { channel: 0, publisher, number };
        Seen::Got { mark, position: self.log[&mark], id: id(mark) }
    }

    fn all(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Seen> {
        numbers.into_iter().map(|number| self.got(number)).collect()
    }

    fn judged(mut self) -> Verdict {
        self.history.ended = Moment(60_000_000);
        judge(&self.history)
    }
}

fn id(mark: Mark) -> PublicationId {
    PublicationId::of(PublisherId(u64::from(mark.publisher)), u64::from(mark.number) + 1)
}

#[track_caller]
fn only(verdict: &Verdict, wrong: Wrong, count: u64) {
    let found: Vec<_> = verdict.counts.iter().map(|(&wrong, &count)| (wrong, count)).collect();
    assert_eq!(found, [(wrong, count)], "{:?}", verdict.findings);
}

#[track_caller]
fn clean(verdict: &Verdict) {
    assert!(verdict.is_clean(), "{:?}", verdict.findings);
}

#[test]
fn all_once_in_order_is_well() {
    let story = Story::of(5);
    let all = story.all(0..5);
    let verdict = story.seen(all).judged();
    clean(&verdict);
    assert_eq!((verdict.published, verdict.accepted, verdict.deliveries), (5, 5, 5));
}

#[test]
fn an_accepted_publication_that_never_comes_is_lost() {
    let story = Story::of(5);
    let all = story.all(0..4);
    only(&story.seen(all).judged(), Wrong::Lost, 1);
}

#[test]
fn a_hole_is_a_loss_and_a_jump_in_the_log() {
    let story = Story::of(5);
    let all = story.all([0, 1, 3, 4]);
    let verdict = story.seen(all).judged();
    assert_eq!((verdict.count(Wrong::Lost), verdict.count(Wrong::UnannouncedGap)), (1, 1));
}

#[test]
fn what_was_not_accepted_need_not_come() {
    for outcome in [Outcome::InDoubt, Outcome::Unanswered, Outcome::Refused] {
        let story = Story::of(5).answered(4, outcome);
        let all = story.all(0..4);
        clean(&story.seen(all).judged());
    }
}

#[test]
fn what_was_published_before_the_subscription_was_live_need_not_come() {
    let mut story = Story::of(5);
    story.history.lanes[0].sent[0].at = Moment(0);
    let all = story.all(1..5);
    clean(&story.seen(all).judged());
}

#[test]
fn a_second_copy_is_a_duplicate() {
    let story = Story::of(5).loses(Lost::Latest, 1_000_000);
    let all = story.all([0, 1, 2, 2, 3, 4]);
    only(&story.seen(all).judged(), Wrong::Duplicate, 1);
}

#[test]
fn an_earlier_one_after_a_later_one_is_reordered() {
    let story = Story::of(5).loses(Lost::Latest, 1_000_000);
    let all = story.all([0, 2, 1, 3, 4]);
    only(&story.seen(all).judged(), Wrong::Reordered, 1);
}

#[test]
fn what_nobody_published_and_what_was_refused_are_phantoms() {
    let story = Story::of(3);
    let mark = Mark { channel: 0, publisher: 9, number: 1 };
    let stranger = Seen::Got { mark, position: story.tip.then(id(mark)), id: id(mark) };
    let all = [story.all(0..3), vec![stranger, Seen::Nonsense]].concat();
    only(&story.seen(all).judged(), Wrong::Phantom, 2);

    let story = Story::of(3).answered(2, Outcome::Refused);
    let all = story.all(0..3);
    only(&story.seen(all).judged(), Wrong::Phantom, 1);
}

#[test]
fn a_place_that_is_lost_without_a_word_is_an_unannounced_gap() {
    let story = Story::of(3);
    let mut all = story.all(0..3);
    all.insert(1, Seen::Live { recovered: false });
    only(&story.seen(all).judged(), Wrong::UnannouncedGap, 1);
}

#[test]
fn a_reset_covers_what_was_published_before_it_where_the_log_is_gone() {
    let story = Story::of(5).loses(Lost::Everything, 1_020_000);
    let mut all = story.all([0, 1, 4]);
    all.insert(2, Seen::Reset(ResetReason::Replaced));
    // It is told at 1.03 s: what was published then and before is covered, and one that comes later is not.
    let verdict = story.answered(3, Outcome::InDoubt).seen(all).judged();
    clean(&verdict);
    assert_eq!((verdict.gone, verdict.resets["replaced"]), (1, 1));
}

#[test]
fn a_reset_does_not_cover_what_is_published_after_it() {
    let story = Story::of(5).loses(Lost::Everything, 1_010_000);
    let mut all = story.all([0, 4]);
    all.insert(1, Seen::Reset(ResetReason::Replaced));
    // Told at 1.02 s; numbers 2 and 3 were published at 1.03 and 1.04 s.
    only(&story.seen(all).judged(), Wrong::Lost, 2);
}

#[test]
fn what_comes_again_after_a_reset_is_no_duplicate_and_what_comes_twice_after_it_is_one() {
    let story = Story::of(3).loses(Lost::Everything, 1_020_000);
    let reset = vec![Seen::Reset(ResetReason::Replaced)];
    let once = [story.all(0..2), reset.clone(), story.all(0..3)].concat();
    let verdict = story.seen(once).judged();
    clean(&verdict);
    assert_eq!(verdict.again, 2);

    let story = Story::of(3).loses(Lost::Everything, 1_020_000);
    let twice = [story.all(0..2), reset, story.all([0, 1, 2, 2])].concat();
    only(&story.seen(twice).judged(), Wrong::Duplicate, 1);
}

#[test]
fn a_reset_is_needless_where_the_log_lost_nothing_or_only_what_others_still_have() {
    for loss in [None, Some(Lost::Latest)] {
        let mut story = Story::of(2);
        if let Some(what) = loss {
            story = story.loses(what, 1_005_000);
        }
        let mut all = story.all(0..2);
        all.insert(1, Seen::Reset(ResetReason::RolledBack));
        only(&story.seen(all).judged(), Wrong::NeedlessReset, 1);
    }
}

#[test]
fn so_many_as_are_told_are_missing_and_no_more() {
    let told = |count| {
        let story = Story::of(5).loses(Lost::Everything, 1_005_000);
        let before = story.log[&Mark { channel: 0, publisher: 0, number: 3 }];
        let mut all = story.all([0, 3, 4]);
        all.insert(1, Seen::Missing { count, before });
        story.seen(all).judged()
    };
    let verdict = told(2);
    clean(&verdict);
    assert_eq!(verdict.missing, 2);
    only(&told(1), Wrong::Lost, 1);
}

#[test]
fn what_was_told_as_missing_may_turn_up_later() {
    let story = Story::of(4).loses(Lost::Everything, 1_005_000);
    let before = story.log[&Mark { channel: 0, publisher: 0, number: 2 }];
    let mut all = story.all([0, 2, 1, 3]);
    all.insert(1, Seen::Missing { count: 1, before });
    clean(&story.seen(all).judged());
}

#[test]
fn two_orders_are_two_logs_unless_the_log_went_back() {
    let orders = |story: Story| {
        let [one, other] = [story.got_of(0, 0), story.got_of(1, 0)];
        let there = story.seen([one, other]).seen([other, one]).judged();
        there.count(Wrong::Diverged)
    };
    let two = || {
        let mut story = Story::of(1);
        let other = story.another_publisher();
        story.publishes(other);
        story
    };
    // Both that the orders differ, and that the second's positions do not follow one another.
    assert_eq!(orders(two()), 2);
    assert_eq!(orders(two().loses(Lost::Latest, 1_015_000)), 0);
}

#[test]
fn one_position_with_two_publications_is_two_logs() {
    let mut story = Story::of(1);
    let other = story.another_publisher();
    story.publishes(other);
    let story = story.loses(Lost::Latest, 1_000_000);
    let (one, mark) = (story.got(0), Mark { channel: 0, publisher: 1, number: 0 });
    let position = story.log[&Mark { publisher: 0, ..mark }];
    let elsewhere = Seen::Got { mark, position, id: id(mark) };
    let right = story.got_of(1, 0);
    only(&story.seen([one, right]).seen([elsewhere, one]).judged(), Wrong::Diverged, 1);
}

#[test]
fn a_subscription_that_ends_by_itself_is_told() {
    let story = Story::of(1);
    let all = [story.all(0..1), vec![Seen::Ended]].concat();
    only(&story.seen(all).judged(), Wrong::Ended, 1);
}

#[test]
fn what_comes_later_after_a_fault_than_it_may_is_a_late_recovery() {
    let recovered_after = |ms: u64| {
        let mut story = Story::of(3);
        let at = 1_015_000;
        story.history.harms.push(Harm {
            kind: "node killed",
            detail: String::new(),
            from: Moment(at),
            to: Moment(at),
            overlaps: false,
            within: Duration::from_secs(2),
        });
        let all = story.all(0..3);
        let mut story = story.seen(all);
        story.history.sights[0].events[3].0 = Moment(at + ms * 1000);
        story.judged()
    };
    clean(&recovered_after(1_900));
    only(&recovered_after(2_100), Wrong::LateRecovery, 1);
}
