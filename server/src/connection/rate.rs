use crate::Limits;

/// How much a connection may still send: two buckets of credit that refill with time.
pub(super) struct Rate {
    frames: f32,
    bytes: f32,
    at: u64,
}

/// What the rate says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Go on.
    Fine,
    /// Refuse its requests.
    TooFast,
    /// It goes on although its requests are refused: end the connection.
    Flood,
}

impl Rate {
    pub(super) fn new(limits: &Limits, now: u64) -> Self {
        let [frames, bytes] = full(limits);
        Self { frames, bytes, at: now }
    }

    /// Charges a message.
    pub(super) fn charge(&mut self, limits: &Limits, now: u64, frames: usize, bytes: usize) -> Pace {
        let passed = now.saturating_sub(self.at) as f32 / 1000.0;
        let [most_frames, most_bytes] = full(limits);
        self.at = now;
        self.frames =
            (self.frames + passed * limits.frames_per_second as f32).min(most_frames) - frames as f32;
        self.bytes = (self.bytes + passed * limits.bytes_per_second as f32).min(most_bytes) - bytes as f32;
        if self.frames < -most_frames || self.bytes < -most_bytes {
            Pace::Flood
        } else if self.frames < 0.0 || self.bytes < 0.0 {
            Pace::TooFast
        } else {
            Pace::Fine
        }
    }
}

fn full(limits: &Limits) -> [f32; 2] {
    let seconds = limits.burst_seconds.max(1) as f32;
    [limits.frames_per_second as f32 * seconds, limits.bytes_per_second as f32 * seconds]
}
