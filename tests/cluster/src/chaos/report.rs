//! A run as people read it: a few lines for a terminal, a page with pictures.

mod html;
mod recoveries_plot;
mod scale;
mod timeline;

pub use html::html;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::run::UNASKED;
use super::{History, LATE, Verdict, Wrong, recoveries};

/// A run in a few lines, for a terminal.
pub fn text(history: &History, verdict: &Verdict) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!(
        "published {}, accepted {}, refused {}, in doubt {}; delivered {} in {:.0} s",
        verdict.published,
        verdict.accepted,
        verdict.refused,
        verdict.in_doubt,
        verdict.deliveries,
        history.ended.seconds()
    ));
    let resets: Vec<_> = verdict.resets.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let resets = if resets.is_empty() { "none".to_owned() } else { resets.join(", ") };
    line(format!(
        "resets: {resets}; announced as gone {}, told as missing {}, put back and seen again {}",
        verdict.gone, verdict.missing, verdict.again
    ));
    line(format!(
        "faults {}, replicas promoted {}, of which by themselves {}; hitches of the run itself {}",
        history.harms.len(),
        history.promotions,
        unasked(history),
        history.hitches.len()
    ));
    for hitch in &history.hitches {
        line(format!("{:8.1} s  {}", hitch.at.seconds(), hitch.what));
    }
    line(String::new());
    line(format!("{:28}{:>6}{:>10}{:>10}{:>12}", "fault", "times", "median s", "worst s", "after end s"));
    for row in rows(history) {
        line(format!(
            "{:28}{:>6}{:>10}{:>10}{:>12}",
            row.kind,
            row.times,
            shown(row.median),
            shown(row.worst),
            shown(row.worst_after_end)
        ));
    }
    let mut slowest = recoveries(history);
    let elsewhere: u64 = slowest.iter().map(|recovery| recovery.elsewhere).sum();
    line(format!("late by more than {LATE:?} when faults were overcome: {elsewhere} deliveries"));
    line(String::new());
    slowest.sort_by_key(|recovery| std::cmp::Reverse(recovery.took(&history.harms[recovery.harm])));
    for recovery in slowest.iter().take(5) {
        let harm = &history.harms[recovery.harm];
        if let Some((mark, subscriber, after)) = recovery.last {
            line(format!(
                "{:8.1} s  {} {}: last {mark} at subscriber {subscriber}, {after:.1?} after it was published",
                harm.from.seconds(),
                harm.kind,
                harm.detail
            ));
        }
    }
    line(String::new());
    for wrong in Wrong::ALL {
        line(format!("{wrong:18}{:>8}", verdict.count(wrong)));
    }
    for finding in &verdict.findings {
        line(format!("  {:8.2} s  {}: {}", finding.at.seconds(), finding.wrong, finding.what));
    }
    line(closing_line(history, verdict));
    text
}

/// How often Sentinels or a cluster began a failover that no fault had called for.
fn unasked(history: &History) -> usize {
    history.harms.iter().filter(|harm| harm.kind == UNASKED).count()
}

/// A run in one line: how much there was of everything, and the verdict.
pub fn closing_line(history: &History, verdict: &Verdict) -> String {
    let resets: u64 = verdict.resets.values().sum();
    format!(
        "{:.0} s, {} faults, {} promotions ({} by themselves), {} hitches; {} published, {} accepted, {} refused, \
         {} in doubt, {} delivered, {resets} resets ({} gone, {} missing): {}",
        history.ended.seconds(),
        history.harms.len(),
        history.promotions,
        unasked(history),
        history.hitches.len(),
        verdict.published,
        verdict.accepted,
        verdict.refused,
        verdict.in_doubt,
        verdict.deliveries,
        verdict.gone,
        verdict.missing,
        verdict_line(verdict)
    )
}

/// The verdict in one line.
pub fn verdict_line(verdict: &Verdict) -> String {
    let mut line = if verdict.is_clean() { "clean".to_owned() } else { "NOT clean".to_owned() };
    for wrong in Wrong::ALL {
        let _ = write!(
            line,
            "{} {} {wrong}",
            if line.ends_with("clean") { ":" } else { "," },
            verdict.count(wrong)
        );
    }
    line
}

/// How one kind of fault was overcome, from its beginning to full delivery; without those that overlapped others.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its kind.
    pub kind: &'static str,
    /// How often it was made.
    pub times: usize,
    /// In the middle; none where each overlapped another.
    pub median: Option<Duration>,
    /// At worst.
    pub worst: Option<Duration>,
    /// At worst, from the fault's end.
    pub worst_after_end: Option<Duration>,
    /// All.
    pub all: Vec<Duration>,
}

/// The recoveries by kind of fault.
pub fn rows(history: &History) -> Vec<Row> {
    let mut times: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut took: BTreeMap<&'static str, Vec<(Duration, Duration)>> = BTreeMap::new();
    for recovery in recoveries(history) {
        let harm = &history.harms[recovery.harm];
        *times.entry(harm.kind).or_default() += 1;
        if !harm.overlaps {
            let after_end = recovery.full.since(harm.to);
            took.entry(harm.kind).or_default().push((recovery.took(harm), after_end));
        }
    }
    let row = |(kind, times)| {
        let both = took.remove(kind).unwrap_or_default();
        let mut all: Vec<Duration> = both.iter().map(|(took, _)| *took).collect();
        all.sort_unstable();
        Row {
            kind,
            times,
            median: all.get(all.len() / 2).copied(),
            worst: all.last().copied(),
            worst_after_end: both.iter().map(|(_, after_end)| *after_end).max(),
            all,
        }
    };
    times.into_iter().map(row).collect()
}

fn shown(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{:.2}", time.as_secs_f64()))
}
