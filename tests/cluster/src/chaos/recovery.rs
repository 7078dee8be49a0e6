use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{Harm, History, Mark, Moment, Outcome, Seen};

/// How a fault was overcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Which fault, by its place in the history.
    pub harm: usize,
    /// When the last was delivered of what came late; its beginning where nothing came late.
    pub full: Moment,
    /// How many deliveries came late.
    pub late: u64,
    /// Which of them came last, to whom, how long after it was published.
    pub last: Option<(Mark, u16, Duration)>,
    /// How many came late after that, for other reasons: a busy machine, for one.
    pub elsewhere: u64,
    within: Duration,
}

/// A delivery that takes longer is late. Without faults the latest of minutes stays far below it.
pub const LATE: Duration = Duration::from_millis(250);

impl Recovery {
    /// Whether it took longer than it may.
    pub fn is_late(&self, harm: &Harm) -> bool {
        self.full.since(harm.to) > self.within
    }

    /// From the fault's beginning to full delivery.
    pub fn took(&self, harm: &Harm) -> Duration {
        self.full.since(harm.from)
    }
}

/// Where nothing is late for so long, a fault is overcome: what is late afterwards has other reasons.
const CALM: Duration = Duration::from_millis(500);

/// How each fault was overcome. Late deliveries count for the last fault that had begun.
pub fn recoveries(history: &History) -> Vec<Recovery> {
    let harms = &history.harms;
    let mut late: Vec<Vec<Delivery>> = vec![Vec::new(); harms.len()];
    for delivery in deliveries(history).filter(|one| one.took() > LATE) {
        let begun = harms.partition_point(|harm| harm.from <= delivery.got);
        // What was late before the last fault is the business of the one before.
        let of = (0..begun).rev().find(|&nth| harms[nth].from.since(delivery.sent) <= LATE);
        if let Some(of) = of {
            late[of].push(delivery);
        }
    }
    late.into_iter().enumerate().map(|(nth, late)| overcome(nth, &harms[nth], late)).collect()
}

/// Follows what was late from the fault on, without a pause.
fn overcome(nth: usize, harm: &Harm, mut late: Vec<Delivery>) -> Recovery {
    late.sort_unstable_by_key(|one| one.sent);
    let mut recovery =
        Recovery { harm: nth, full: harm.from, late: 0, last: None, elsewhere: 0, within: harm.within };
    let mut until = harm.to;
    for Delivery { mark, subscriber, sent, got } in late {
        if sent.since(until) > CALM {
            recovery.elsewhere += 1;
            continue;
        }
        until = until.max(got);
        recovery.late += 1;
        if got >= recovery.full {
            (recovery.full, recovery.last) = (got, Some((mark, subscriber, got.since(sent))));
        }
    }
    recovery
}

/// The first time that a subscriber got an accepted publication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    pub(super) mark: Mark,
    pub(super) subscriber: u16,
    pub(super) sent: Moment,
    pub(super) got: Moment,
}

impl Delivery {
    pub(super) fn took(&self) -> Duration {
        self.got.since(self.sent)
    }
}

/// All deliveries, by subscription; without those that a reset had announced as gone, and that came nevertheless.
pub(super) fn deliveries(history: &History) -> impl Iterator<Item = Delivery> {
    let lanes: HashMap<(u16, u16), _> =
        history.lanes.iter().map(|lane| ((lane.channel, lane.publisher), &lane.sent)).collect();
    let sent = move |mark: Mark| {
        let sent = lanes.get(&(mark.channel, mark.publisher))?.get(mark.number as usize)?;
        (sent.outcome == Outcome::Accepted).then_some(sent.at)
    };
    let firsts = history.sights.iter().flat_map(|sight| {
        let (mut seen, mut reset) = (HashSet::new(), None);
        sight.events.iter().filter_map(move |&(at, event)| match event {
            Seen::Got { mark, .. } => seen.insert(mark).then_some((mark, sight.subscriber, at, reset)),
            Seen::Reset(_) => {
                reset = Some(at);
                None
            }
            Seen::Live { .. } | Seen::Nonsense | Seen::Missing { .. } | Seen::Ended => None,
        })
    });
    firsts.filter_map(move |(mark, subscriber, got, reset)| {
        let sent = sent(mark)?;
        (reset < Some(sent)).then_some(Delivery { mark, subscriber, sent, got })
    })
}
