//! Whether a delivery costs the same when there is more of everything.

use super::throughput::once;
use super::{Options, in_turn};
use crate::figures::median;
use crate::load::{Load, Pace, Shape};
use crate::plot::Plot;
use crate::system::{Nodes, System};
use crate::table;

struct Axis {
    name: &'static str,
    file: &'static str,
    shape: fn(usize) -> (Shape, Nodes, usize),
}

/// Microseconds of CPU for a delivery: of each system, in each run.
type Costs = Vec<Vec<f64>>;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let axes = [
        Axis {
            name: "subscribers of one channel, from 1,000; 8 in flight",
            file: "growth-subscribers",
            shape: |times| {
                let shape = Shape { subscribers: 1_000 * times, channels: 1, nodes: 1, payload: 128 };
                (shape, Nodes::One, 8)
            },
        },
        Axis {
            name: "channels of 10 subscribers, from 100; 256 in flight",
            file: "growth-channels",
            shape: |times| {
                let shape =
                    Shape { subscribers: 1_000 * times, channels: 100 * times, nodes: 1, payload: 128 };
                (shape, Nodes::One, 256)
            },
        },
        Axis {
            name: "nodes over Redis, from 1; 100 channels with 10 subscribers at each node; 64 in flight",
            file: "growth-nodes",
            shape: |times| {
                let shape = Shape { subscribers: 1_000 * times, channels: 100, nodes: times, payload: 128 };
                (shape, Nodes::OverRedis(times), 64)
            },
        },
    ];
    let systems = options.systems();
    for axis in axes {
        println!("growth: {}", axis.name);
        let costs = TIMES.map(|times| cost(options, &systems, (axis.shape)(times)));
        let rows: Vec<_> = (0..systems.len())
            .filter(|&nth| costs.iter().all(|costs| !costs[nth].is_empty()))
            .map(|nth| {
                let own = costs.each_ref().map(|costs| median(costs[nth].clone()));
                let to_limit = costs.each_ref().map(|costs| to_limit(&costs[nth], &costs[0]));
                (systems[nth].name().to_owned(), own, to_limit)
            })
            .collect();
        let cells = |(name, own, to_limit): &(String, Slope, Slope)| {
            [vec![name.clone()], slope(own), slope(to_limit)].concat()
        };
        table::print(&HEAD, &rows.iter().map(cells).collect::<Vec<_>>());
        let line = |(name, own, _): (String, Slope, Slope)| {
            (name, TIMES.iter().zip(own).map(|(&times, cost)| (times as f64, cost)).collect())
        };
        let lines = rows.into_iter().map(line).collect();
        options.draw(axis.file, &Plot { title: axis.name, x: "times", y: "CPU µs each", lines })?;
    }
    Ok(())
}

fn cost(
    options: &Options,
    systems: &[Box<dyn System>],
    (shape, nodes, window): (Shape, Nodes, usize),
) -> Costs {
    let runs =
        in_turn(options, systems, |system| once(system, shape, nodes, Pace::InFlight(window), options));
    runs.iter().map(|runs| runs.iter().map(Load::cpu_per_delivery).collect()).collect()
}

/// Each run to the first system's in the same round: what more sockets cost the kernel, they cost that one too.
fn to_limit(costs: &[f64], limit: &[f64]) -> f64 {
    median(costs.iter().zip(limit).map(|(cost, limit)| cost / limit).collect())
}

/// A figure at each size.
type Slope = [f64; TIMES.len()];

fn slope(figures: &Slope) -> Vec<String> {
    let growth = format!("{:+.0} %", (figures[2] / figures[0] - 1.0) * 100.0);
    figures.iter().map(|figure| format!("{figure:.2}")).chain([growth]).collect()
}

const TIMES: [usize; 3] = [1, 3, 10];
const HEAD: [&str; 9] =
    ["CPU µs each", "1 ×", "3 ×", "10 ×", "growth", "× limit: 1 ×", "3 ×", "10 ×", "growth"];
