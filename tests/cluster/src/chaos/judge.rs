//! Reads a history and says what broke the promise. Pure: the same history has the same verdict.

mod agreement;
mod grounds;
mod subscription;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::grounds::Grounds;
use super::{History, Lane, Outcome, Verdict, Wrong, recoveries};

/// Judges a run.
pub fn judge(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    count(&history.lanes, &mut verdict);
    let grounds = Grounds(&history.losses);
    let mut channels: HashMap<u16, Channel<'_>> = HashMap::new();
    for lane in &history.lanes {
        channels.entry(lane.channel).or_default().lanes.insert(lane.publisher, lane);
    }
    for sight in &history.sights {
        let channel = channels.entry(sight.channel).or_default();
        subscription::judge(sight, channel, grounds, history.ended, &mut verdict);
        channel.sights.push(sight);
    }
    for channel in channels.values() {
        agreement::judge(&channel.sights, grounds, &mut verdict);
    }
    for recovery in recoveries(history) {
        let harm = &history.harms[recovery.harm];
        if !recovery.is_late(harm) {
            continue;
        }
        verdict.find(Wrong::LateRecovery, recovery.full, || {
            let (after, within) = (recovery.full.since(harm.to), harm.within);
            format!("{} {}: complete {after:?} after its end, not within {within:?}", harm.kind, harm.detail)
        });
    }
    verdict
}

/// What concerns one channel.
#[derive(Default)]
struct Channel<'a> {
    /// By publisher.
    lanes: HashMap<u16, &'a Lane>,
    sights: Vec<&'a super::Sight>,
}

fn count(lanes: &[Lane], verdict: &mut Verdict) {
    for sent in lanes.iter().flat_map(|lane| &lane.sent) {
        verdict.published += 1;
        match sent.outcome {
            Outcome::Accepted => verdict.accepted += 1,
            Outcome::Refused => verdict.refused += 1,
            Outcome::InDoubt | Outcome::Unanswered => verdict.in_doubt += 1,
        }
    }
}
