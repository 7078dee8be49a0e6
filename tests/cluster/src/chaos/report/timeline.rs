//! The picture of a run: what was done to it, and how long deliveries took.

use std::fmt::Write as _;
use std::time::Duration;

use super::html::escaped;
use super::scale::{self, Scale};
use crate::chaos::recovery::{Delivery, deliveries};
use crate::chaos::{History, Moment};

const WIDTH: f64 = 1040.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 270.0;
/// A blow has no length of its own.
const THINNEST: f64 = 1.5;

/// Per moment the median and the worst latency of what was published in it, over bars for the faults.
pub(super) fn timeline(history: &History) -> String {
    let ended = history.ended.seconds().max(1.0);
    let step = (ended / 600.0).max(0.5);
    let across = |seconds: f64| LEFT + seconds / ended * (WIDTH - LEFT);
    let latencies = latencies(history, step);
    let scale = Scale { from: 0.001, to: 60.0, start: BOTTOM, end: TOP };
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n");
    for harm in &history.harms {
        let (from, to) = (across(harm.from.seconds()), across(harm.to.seconds()));
        let _ = writeln!(
            svg,
            "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\" fill-opacity=\".35\">\
             <title>{:.1} s: {} {}</title></rect>",
            (to - from).max(THINNEST),
            BOTTOM - TOP,
            colour(harm.kind),
            harm.from.seconds(),
            escaped(harm.kind),
            escaped(&harm.detail)
        );
    }
    for (value, label) in scale::MARKS {
        let y = scale.at(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#8884\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for tenth in 0..=10 {
        let at = ended * f64::from(tenth) / 10.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{at:.0} s</text>",
            across(at).clamp(LEFT, WIDTH - 16.0),
            BOTTOM + 18.0
        );
    }
    type Curve = fn(&[Duration]) -> Option<Duration>;
    let curves: [(&str, Curve); 2] =
        [("#2f7ed8", |all| all.get(all.len() / 2).copied()), ("#d9822b", |all| all.last().copied())];
    for (stroke, of) in curves {
        let points = latencies.iter().enumerate().filter_map(|(nth, all)| Some((nth, of(all)?)));
        let points: Vec<String> = points
            .map(|(nth, time)| {
                let x = across((nth as f64 + 0.5) * step);
                format!("{x:.1},{:.1}", scale.at(time.as_secs_f64()))
            })
            .collect();
        let points = points.join(" ");
        let _ = writeln!(
            svg,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.3\"/>"
        );
    }
    svg.push_str("</svg>\n<p>From publish to delivery, by the time of the publish: <span style=\"color:#2f7ed8\">median</span> and <span style=\"color:#d9822b\">worst</span>. Bars are faults; point at one to read it.</p>\n");
    svg
}

/// Sorted, for each step.
fn latencies(history: &History, step: f64) -> Vec<Vec<Duration>> {
    let place = |at: Moment| (at.seconds() / step) as usize;
    let mut all = vec![Vec::new(); place(history.ended) + 1];
    for Delivery { sent, got, .. } in deliveries(history) {
        if let Some(some) = all.get_mut(place(sent)) {
            some.push(got.since(sent));
        }
    }
    all.iter_mut().for_each(|some| some.sort_unstable());
    all
}

/// Faults of nodes, of links to clients, of links to Redis, and of Redis.
fn colour(kind: &str) -> &'static str {
    match kind.split(' ').next() {
        Some("node") => "#b04a8f",
        Some("clients'" | "clocks") => "#3a9b5c",
        Some("subscriptions" | "connections") => "#7a6fd0",
        Some("Redis") if kind.contains("links") => "#7a6fd0",
        Some(_) | None => "#8a8a8a",
    }
}
