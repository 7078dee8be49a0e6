use std::time::Duration;

use crate::chaos::{LogLoss, Lost, Moment};

/// What excuses that subscribers are told of a loss, or saw another order than others.
#[derive(Clone, Copy)]
pub(super) struct Grounds<'a>(pub(super) &'a [LogLoss]);

/// A node or client that was away while the log lost something learns of it when it is back.
const LASTS: Duration = Duration::from_secs(60);

impl Grounds<'_> {
    /// Whether something is gone for good, so that a subscriber that was up to date at `since` may be reset at `at`.
    pub(super) fn for_reset(self, since: Moment, at: Moment) -> bool {
        self.0.iter().any(|loss| loss.what == Lost::Everything && excuses(loss, since, at))
    }

    /// Whether the log lost anything, so that it may go back, and on in another order than before.
    pub(super) fn for_another_branch(self, since: Moment, at: Moment) -> bool {
        self.0.iter().any(|loss| excuses(loss, since, at))
    }
}

fn excuses(loss: &LogLoss, since: Moment, at: Moment) -> bool {
    loss.at <= at && (loss.at >= since || at.since(loss.at) <= LASTS)
}
