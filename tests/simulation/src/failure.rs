use std::fmt;

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub promise: Promise,
    /// What happened instead.
    pub what: String,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// What is acknowledged reaches each subscriber that was there before it, or that subscriber is told; it stays in
    /// the log, or comes back, as long as a living node or publisher has it.
    NothingInSilence,
    /// Nobody is shown a publication twice, and no log takes it twice.
    OneCopy,
    /// A publisher's publications come in their order, and in the same for all.
    Order,
    /// What is shown was published, and not refused.
    Truth,
    /// When the faults end, everybody gets everything, and every publish an answer.
    Rest,
    /// No panic.
    Sanity,
}

impl Promise {
    pub(crate) fn broken(self, what: String) -> Failure {
        Failure { promise: self, what }
    }
}

impl Failure {
    /// The same, said of somebody.
    pub(crate) fn of(self, whom: &str) -> Self {
        Self { what: format!("{whom} {}", self.what), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} does not hold: {}", self.promise, self.what)
    }
}
