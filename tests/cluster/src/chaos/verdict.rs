use std::collections::BTreeMap;
use std::fmt;

use tidewire_protocol::ResetReason;

use super::Moment;

/// What the judge can find wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// A subscriber has not got an accepted publication, and nothing it was told covers that.
    Lost,
    /// It got a publication twice.
    Duplicate,
    /// It got a publication after a later one of the same publisher.
    Reordered,
    /// It got what nobody published, or what was refused.
    Phantom,
    /// Two subscribers of a channel saw different logs.
    Diverged,
    /// Its place in the log jumped, and it was not told.
    UnannouncedGap,
    /// It was reset though nothing was lost that a node or publisher did not still have.
    NeedlessReset,
    /// After a fault, something was delivered later than allowed.
    LateRecovery,
    /// A subscription ended that nobody had ended.
    Ended,
}

impl Wrong {
    /// All, in the order of tables.
    pub const ALL: [Self; 9] = [
        Self::Lost,
        Self::Duplicate,
        Self::Reordered,
        Self::Phantom,
        Self::Diverged,
        Self::UnannouncedGap,
        Self::NeedlessReset,
        Self::LateRecovery,
        Self::Ended,
    ];
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lost => "lost",
            Self::Duplicate => "duplicate",
            Self::Reordered => "reordered",
            Self::Phantom => "phantom",
            Self::Diverged => "diverged",
            Self::UnannouncedGap => "unannounced gap",
            Self::NeedlessReset => "needless reset",
            Self::LateRecovery => "late recovery",
            Self::Ended => "ended",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub wrong: Wrong,
    /// When it was seen, or should have been.
    pub at: Moment,
    /// Who, where and what.
    pub what: String,
}

/// What the judge says of a run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// How often each kind was found.
    pub counts: BTreeMap<Wrong, u64>,
    /// The first of each kind.
    pub findings: Vec<Finding>,
    /// Publications handed to clients.
    pub published: u64,
    /// Those that were accepted.
    pub accepted: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those of which nobody knows, or that have no answer.
    pub in_doubt: u64,
    /// Publications that subscribers got.
    pub deliveries: u64,
    /// Resets that subscribers were told, by reason.
    pub resets: BTreeMap<&'static str, u64>,
    /// Deliveries that a reset announced as gone, as far as they were accepted.
    pub gone: u64,
    /// Deliveries that were told as missing.
    pub missing: u64,
    /// Deliveries that came again after a reset, put back by those who had them.
    pub again: u64,
}

/// So many findings of each kind are kept in words.
const KEPT: u64 = 12;

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// How often this was found.
    pub fn count(&self, wrong: Wrong) -> u64 {
        self.counts.get(&wrong).copied().unwrap_or(0)
    }

    pub(super) fn find(&mut self, wrong: Wrong, at: Moment, what: impl FnOnce() -> String) {
        let count = self.counts.entry(wrong).or_default();
        *count += 1;
        if *count <= KEPT {
            self.findings.push(Finding { wrong, at, what: what() });
        }
    }

    pub(super) fn reset(&mut self, reason: ResetReason) {
        *self.resets.entry(reason.word()).or_default() += 1;
    }
}
