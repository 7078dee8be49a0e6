//! Curves as SVG, on their own, readable on light and dark.

/// Lines over a logarithmic x axis; y begins at 0.
pub(crate) struct Plot<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    pub(crate) lines: Vec<(String, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 120.0;
const BOTTOM: f64 = 48.0;
const COLOURS: [&str; 6] = ["#2f7ed8", "#d9822b", "#3a9b5c", "#b04a8f", "#7a6fd0", "#8a8a8a"];

impl Plot<'_> {
    /// The picture.
    pub(crate) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let (least, most) = points()
            .map(|&(x, _)| x.max(f64::MIN_POSITIVE).ln())
            .fold((f64::MAX, f64::MIN), |(least, most), x| (least.min(x), most.max(x)));
        let top = nice(points().map(|&(_, y)| y).fold(0.0, f64::max));
        let x_at = |x: f64| LEFT + (x.ln() - least) / (most - least).max(1e-9) * (WIDTH - LEFT - RIGHT);
        let y_at = |y: f64| HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#808080\">\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}</text>\n",
            escaped(self.title)
        );
        let mut put = |text: String| {
            svg.push_str(&text);
            svg.push('\n');
        };
        for step in 0..=4 {
            let value = top * f64::from(step) / 4.0;
            let y = y_at(value);
            put(format!(
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#80808040\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                y + 4.0,
                trimmed(value)
            ));
        }
        let mut marks: Vec<f64> = points().map(|&(x, _)| x).collect();
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        for &mark in marks.iter().filter(|_| marks.len() <= 12) {
            put(format!(
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x_at(mark),
                HEIGHT - BOTTOM + 18.0,
                trimmed(mark)
            ));
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        put(format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 10.0,
            escaped(self.x)
        ));
        put(format!("<text x=\"8\" y=\"{TOP}\" dy=\"-6\">{}</text>", escaped(self.y)));
        for (nth, (name, line)) in self.lines.iter().enumerate() {
            let colour = COLOURS[nth % COLOURS.len()];
            let path: Vec<String> =
                line.iter().map(|&(x, y)| format!("{:.1},{:.1}", x_at(x), y_at(y))).collect();
            put(format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join(" ")
            ));
            let label = TOP + 18.0 * nth as f64;
            put(format!(
                "<text x=\"{}\" y=\"{label}\" fill=\"{colour}\">{}</text>",
                WIDTH - RIGHT + 12.0,
                escaped(name)
            ));
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// A round number not below this.
fn nice(figure: f64) -> f64 {
    let power = 10f64.powf(figure.max(1e-9).log10().floor());
    [1.0, 2.0, 4.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|&step| step >= figure)
        .unwrap_or(figure)
}

fn trimmed(figure: f64) -> String {
    let text = format!("{figure:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
