use std::time::{Duration, Instant};

/// Asks again and again, up to `limit`, until the answer is yes.
///
/// # Panics
/// Where the answer is still no at the end; the message says what was waited for.
pub fn wait_until(what: &str, limit: Duration, mut yes: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !yes() {
        assert!(Instant::now() < end, "waited {limit:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
