/// A logarithmic scale of seconds over a length of a picture.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// What is written at it.
pub(super) const MARKS: [(f64, &str); 6] =
    [(0.001, "1 ms"), (0.01, "10 ms"), (0.1, "100 ms"), (1.0, "1 s"), (10.0, "10 s"), (60.0, "60 s")];

impl Scale {
    /// Where a time is; what lies beyond an end is at the end.
    pub(super) fn at(self, seconds: f64) -> f64 {
        let share = (seconds.clamp(self.from, self.to) / self.from).ln() / (self.to / self.from).ln();
        self.start + share * (self.end - self.start)
    }
}
