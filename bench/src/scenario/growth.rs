//! Whether a delivery costs the same when there is more of everything.

use super::throughput::once;
use super::{Options, or_left_out};
use crate::figures::median;
use crate::load::{Load, Pace, Shape};
use crate::plot::Plot;
use crate::system::Nodes;
use crate::table;

struct Axis {
    name: &'static str,
    file: &'static str,
    shape: fn(usize) -> (Shape, Nodes, usize),
}

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
    for axis in axes {
        println!("growth: {}", axis.name);
        let mut rows = Vec::new();
        let mut lines = Vec::new();
        for system in options.systems() {
            let mut costs = Vec::new();
            for times in TIMES {
                let (shape, nodes, window) = (axis.shape)(times);
                let runs: Vec<f64> = (0..options.runs)
                    .filter_map(|_| {
                        or_left_out(system.as_ref(), |system| {
                            once(system, shape, nodes, Pace::InFlight(window), options)
                        })
                    })
                    .map(|load: Load| load.cpu_per_delivery())
                    .collect();
                costs.push(median(runs));
            }
            let mut row = vec![system.name().to_owned()];
            row.extend(costs.iter().map(|cost| format!("{cost:.2}")));
            row.push(format!("{:+.0} %", (costs[2] / costs[0] - 1.0) * 100.0));
            rows.push(row);
            let points = TIMES.iter().zip(&costs).map(|(&times, &cost)| (times as f64, cost)).collect();
            lines.push((system.name().to_owned(), points));
        }
        table::print(&["CPU µs each", "1 ×", "3 ×", "10 ×", "10 × to 1 ×"], &rows);
        options.draw(axis.file, &Plot { title: axis.name, x: "times", y: "CPU µs each", lines })?;
    }
    Ok(())
}

const TIMES: [usize; 3] = [1, 3, 10];
