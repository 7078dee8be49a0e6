use std::time::Duration;

/// How long to wait before the next attempt to reach Redis: 50 ms, doubling to 500 ms, each between half and all
/// of it, so that a cluster's nodes do not return in step. No longer: all clients of the node wait for it.
#[derive(Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub(super) fn next_delay(&mut self) -> Duration {
        let whole = Duration::from_millis((50 << self.attempts.min(4)).min(500));
        self.attempts += 1;
        whole.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }
}
