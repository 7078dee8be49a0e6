//! The picture of recoveries: a row for each kind of fault, a dot for each time, a bar at the median.

use std::fmt::Write as _;

use super::Row;
use super::html::escaped;
use super::scale::{self, Scale};

const WIDTH: f64 = 1040.0;
const LEFT: f64 = 210.0;
const ROW: f64 = 22.0;

pub(super) fn recoveries_plot(rows: &[Row]) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| !row.all.is_empty()).collect();
    let bottom = ROW * (rows.len() as f64 + 0.5);
    let scale = Scale { from: 0.1, to: 60.0, start: LEFT, end: WIDTH - 20.0 };
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\">\n", bottom + 24.0);
    for (value, label) in scale::MARKS.into_iter().filter(|(value, _)| *value >= scale.from) {
        let x = scale.at(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"4\" y2=\"{bottom}\" stroke=\"#8884\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            bottom + 16.0
        );
    }
    for (nth, row) in rows.iter().enumerate() {
        let y = ROW * (nth as f64 + 0.8);
        let (name, text) = (escaped(row.kind), y + 4.0);
        let _ =
            writeln!(svg, "<text x=\"{}\" y=\"{text:.1}\" text-anchor=\"end\">{name}</text>", LEFT - 10.0);
        for time in &row.all {
            let x = scale.at(time.as_secs_f64());
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#2f7ed8\" fill-opacity=\".5\">\
                 <title>{time:.2?}</title></circle>"
            );
        }
        if let Some(median) = row.median {
            let x = scale.at(median.as_secs_f64());
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#d9822b\" stroke-width=\"2.5\"/>",
                y - 8.0,
                y + 8.0
            );
        }
    }
    svg.push_str("</svg>\n<p>A dot for each fault that overlapped no other, orange the median; at the left end nothing was late by more than 250 ms.</p>\n");
    svg
}
