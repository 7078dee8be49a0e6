use std::time::{Duration, Instant};

/// One line to the person at the terminal.
pub(crate) fn say(line: &str) {
    println!("• {line}");
}

/// The heading of a check, easy to find when scrolling through a long run.
pub(crate) fn heading(title: &str) {
    println!("\n━━━ {title} ━━━");
}

/// Does something that takes a while; says so when it is done, and how long it took.
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let started = Instant::now();
    let result = work()?;
    println!("✓ {what} ({})", seconds(started.elapsed()));
    Ok(result)
}

/// A time as people say it.
pub(crate) fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    format!("{} min {} s", tenths / 600, tenths % 600 / 10)
}
