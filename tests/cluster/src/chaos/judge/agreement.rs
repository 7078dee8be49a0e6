//! Whether all subscribers of a channel saw one log.

use std::collections::HashMap;

use tidewire_protocol::Position;

use super::grounds::Grounds;
use crate::chaos::{Mark, Moment, Seen, Sight, Verdict, Wrong};

pub(super) fn judge(sights: &[&Sight], grounds: Grounds<'_>, verdict: &mut Verdict) {
    same_place_same_publication(sights, verdict);
    for (nth, one) in sights.iter().enumerate() {
        for other in &sights[nth + 1..] {
            same_order(one, other, grounds, verdict);
        }
    }
}

/// A position stands for a whole history: it can hold one publication only.
fn same_place_same_publication(sights: &[&Sight], verdict: &mut Verdict) {
    let mut places: HashMap<Position, Mark> = HashMap::new();
    for sight in sights {
        for (at, mark, position) in got(sight) {
            let there = *places.entry(position).or_insert(mark);
            if there != mark {
                verdict.find(Wrong::Diverged, at, || {
                    format!("subscriber {} got {mark} at {position}, another {there}", sight.subscriber)
                });
            }
        }
    }
}

/// What both saw, both saw in the same order; unless the log went back in between.
fn same_order(one: &Sight, other: &Sight, grounds: Grounds<'_>, verdict: &mut Verdict) {
    let mut places: HashMap<Mark, (usize, Moment)> = HashMap::new();
    for (nth, (at, mark, _)) in got(one).enumerate() {
        places.entry(mark).or_insert((nth, at));
    }
    let mut before: Option<(usize, Moment, Mark)> = None;
    for (at, mark, _) in got(other) {
        let Some((nth, seen)) = places.remove(&mark) else { continue };
        if let Some((last, since, previous)) = before
            && nth < last
            && !grounds.for_another_branch(since.min(seen), at.max(seen))
        {
            verdict.find(Wrong::Diverged, at, || {
                let (one, other) = (one.subscriber, other.subscriber);
                format!("subscriber {other} got {previous} before {mark}, subscriber {one} after it")
            });
        }
        before = Some((nth, at, mark));
    }
}

fn got(sight: &Sight) -> impl Iterator<Item = (Moment, Mark, Position)> {
    sight.events.iter().filter_map(|(at, seen)| match *seen {
        Seen::Got { mark, position, .. } => Some((*at, mark, position)),
        Seen::Live { .. } | Seen::Nonsense | Seen::Reset(_) | Seen::Missing { .. } | Seen::Ended => None,
    })
}
