use std::cell::Cell;

use tidewire_session::Timestamp;

use crate::browser::{page_clock, wall_clock};

/// How much further the wall clock must have gone than the page's own before that means a sleep.
const SLEPT_MS: f64 = 5_000.0;

/// The page's clock, which never goes back, but in some systems stands still while the machine sleeps.
pub(crate) struct Clock {
    /// Wall clock minus page clock, when last looked at.
    apart: Cell<f64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { apart: Cell::new(wall_clock() - page_clock()) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(page_clock() as u64)
    }

    /// Whether the wall clock went on without the page's, since this was asked last.
    pub(crate) fn jumped(&self) -> bool {
        let apart = wall_clock() - page_clock();
        apart - self.apart.replace(apart) > SLEPT_MS
    }
}
