use std::time::Duration;

use tokio::time::Instant;

/// Milliseconds since a node began; what is compared with each other on the node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The milliseconds that have passed; never 0, so that 0 can stand for never.
    pub(crate) fn now(self) -> u64 {
        millis(self.0.elapsed()).saturating_add(1)
    }

    /// Waits until it shows this.
    pub(crate) async fn until(self, moment: u64) {
        tokio::time::sleep(Duration::from_millis(moment.saturating_sub(self.now()))).await;
    }
}

/// Whole milliseconds; what is longer than a `u64` holds is as good as endless.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
