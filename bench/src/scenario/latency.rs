//! How long a delivery takes while the machine has time: an open loop, so that a slow system is not asked less.

use super::throughput::once;
use super::{Options, in_turn};
use crate::figures::median;
use crate::load::{Load, Pace, Shape, Wrong};
use crate::plot::Plot;
use crate::system::Nodes;
use crate::table;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let subscribers = options.size.unwrap_or(1_000);
    let mut lines = Vec::new();
    for (title, file, nodes) in
        [("alone", "latency", Nodes::One), ("two nodes over Redis", "latency-redis", Nodes::OverRedis(2))]
    {
        println!("latency, {title}: 1,000 publications a second in rooms of 10, 128 bytes");
        let shape = Shape { subscribers, channels: (subscribers / 10).max(1), nodes: 1, payload: 128 };
        let systems = options.systems();
        let runs =
            in_turn(options, &systems, |system| once(system, shape, nodes, Pace::PerSecond(1_000), options));
        let limit: Vec<f64> = runs.first().into_iter().flatten().map(|run| run.latency_ms(0.99)).collect();
        let mut rows = Vec::new();
        for (system, runs) in systems.iter().zip(&runs).filter(|(_, runs)| !runs.is_empty()) {
            let at = |quantile: f64| median(runs.iter().map(|run| run.latency_ms(quantile)).collect());
            let ratio =
                median(runs.iter().zip(&limit).map(|(run, limit)| run.latency_ms(0.99) / limit).collect());
            rows.push(vec![
                system.name().to_owned(),
                format!("{:.2}", at(0.5)),
                format!("{:.2}", at(0.99)),
                format!("{ratio:.2}"),
                format!("{:.2}", at(1.0)),
                format!("{:.1}", median(runs.iter().map(Load::cpu_per_delivery).collect())),
                format!("{}", runs.iter().map(|run| run.wrong).sum::<Wrong>()),
            ]);
            let quantiles = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999];
            lines.push((
                system.name().to_owned(),
                quantiles.iter().map(|&quantile| (1.0 / (1.0 - quantile), at(quantile))).collect(),
            ));
        }
        table::print(&["system", "p50 ms", "p99 ms", "× limit", "max ms", "CPU µs each", "wrong"], &rows);
        let plot = Plot {
            title: &format!("Delivery latency, {title}"),
            x: "one in so many deliveries takes longer",
            y: "ms",
            lines: std::mem::take(&mut lines),
        };
        options.draw(file, &plot)?;
    }
    Ok(())
}
