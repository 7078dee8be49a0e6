use std::fmt::Write as _;
use std::time::Duration;

use super::timeline::timeline;
use super::{recoveries_plot::recoveries_plot, rows, shown, verdict_line};
use crate::chaos::{History, Verdict, Wrong};

const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1d1f23; --dim: #6b7280; --line: #8884; --good: #2e7d4f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7ea; --dim: #9aa1ab; --good: #6fce97; --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.verdict { font-size: 1.1rem; font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .9rem .15rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, td.words { text-align: left; } th { color: var(--dim); font-weight: 500; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }
details { margin-top: 1rem; } summary { cursor: pointer; color: var(--dim); }
";

/// A run as one HTML page that needs nothing else.
pub fn html(title: &str, history: &History, verdict: &Verdict) -> String {
    let mut page = String::new();
    let class = if verdict.is_clean() { "good" } else { "bad" };
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>{STYLE}</style>\n\
         <h1>{0}</h1>\n<p class=\"verdict {class}\">{1}</p>\n",
        escaped(title),
        escaped(&verdict_line(verdict))
    );
    let _ = writeln!(
        page,
        "<p>Published {}, accepted {}, refused {}, in doubt {}; delivered {} in {:.0} s, {} faults.</p>",
        verdict.published,
        verdict.accepted,
        verdict.refused,
        verdict.in_doubt,
        verdict.deliveries,
        history.ended.seconds(),
        history.harms.len()
    );
    page.push_str("<h2>Delivery latency and faults</h2>\n");
    page.push_str(&timeline(history));
    page.push_str("<h2>From a fault's beginning to full delivery</h2>\n");
    let rows = rows(history);
    page.push_str(&recoveries_plot(&rows));
    page.push_str("<h2>Counts by fault</h2>\n<table><tr><th>fault<th>times<th>alone<th>median s<th>worst s<th>worst s after its end</tr>\n");
    for row in &rows {
        let (alone, after) = (row.all.len(), shown(row.worst_after_end));
        let (median, worst) = (shown(row.median), shown(row.worst));
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{alone}<td>{median}<td>{worst}<td>{after}</tr>",
            escaped(row.kind),
            row.times
        );
    }
    page.push_str("</table>\n<h2>What the judge found</h2>\n<table>");
    for wrong in Wrong::ALL {
        let _ = write!(page, "<tr><td>{wrong}<td>{}</tr>", verdict.count(wrong));
    }
    for (reason, count) in &verdict.resets {
        let _ = write!(page, "<tr><td>resets told, {}<td>{count}</tr>", escaped(reason));
    }
    let told = [
        ("deliveries that resets announced as gone", verdict.gone),
        ("deliveries told as missing", verdict.missing),
        ("deliveries put back after a reset, and seen again", verdict.again),
    ];
    for (what, count) in told {
        let _ = write!(page, "<tr><td>{what}<td>{count}</tr>");
    }
    page.push_str("</table>\n");
    if !verdict.findings.is_empty() {
        page.push_str("<h2>The first findings of each kind</h2>\n<table><tr><th>kind<th>at s<th></tr>\n");
        for finding in &verdict.findings {
            let (at, what) = (finding.at.seconds(), escaped(&finding.what));
            let _ = writeln!(page, "<tr><td>{}<td>{at:.2}<td class=\"words\">{what}</tr>", finding.wrong);
        }
        page.push_str("</table>\n");
    }
    page.push_str(
        "<details><summary>All faults</summary>\n<table><tr><th>fault<th>at s<th>lasted s<th></tr>\n",
    );
    for harm in &history.harms {
        let lasted = shown(Some(harm.to.since(harm.from)).filter(|time| *time > Duration::ZERO));
        let beside = if harm.overlaps { " (beside another)" } else { "" };
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{:.1}<td>{lasted}<td class=\"words\">{}{beside}</tr>",
            escaped(harm.kind),
            harm.from.seconds(),
            escaped(&harm.detail)
        );
    }
    page.push_str("</table></details>\n</html>\n");
    page
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
