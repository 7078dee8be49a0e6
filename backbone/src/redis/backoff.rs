use std::fmt::Display;
use std::time::Duration;

/// Attempts after which what is still the same is told again: a quarter to half a minute later.
const TELL_AGAIN: u32 = 60;

/// How long to wait before the next attempt to reach Redis: 50 ms, doubling to 500 ms, each between half and all
/// of it, so that a cluster's nodes do not return in step. No longer: all clients of the node wait for it.
#[derive(Default)]
pub(super) struct Backoff {
    attempts: u32,
    told: String,
    untold: u32,
}

impl Backoff {
    pub(super) fn next_delay(&mut self) -> Duration {
        let whole = Duration::from_millis((50 << self.attempts.min(4)).min(500));
        self.attempts += 1;
        whole.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }

    /// Why an attempt failed, where that is news: two lines a second of each link would bury everything else.
    pub(super) fn news<'t, T: Display>(&mut self, trouble: &'t T) -> Option<&'t T> {
        let text = trouble.to_string();
        self.untold += 1;
        if text == self.told && self.untold < TELL_AGAIN {
            return None;
        }
        (self.told, self.untold) = (text, 0);
        Some(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_attempt_is_never_far() {
        let mut backoff = Backoff::default();
        for whole in [50, 100, 200, 400, 500, 500, 500] {
            let delay = backoff.next_delay().as_millis();
            assert!((whole / 2..=whole).contains(&delay), "{delay} of {whole}");
        }
    }

    #[test]
    fn a_trouble_is_told_once_and_again_when_it_lasts_or_is_another() {
        let mut backoff = Backoff::default();
        let mut told = |trouble: &str| backoff.news(&trouble).is_some();
        assert!(told("refused") && !told("refused"));
        assert!(told("wrong password") && told("refused"));
        let again = (0..TELL_AGAIN).filter(|_| told("refused")).count();
        assert_eq!(again, 1);
    }
}
