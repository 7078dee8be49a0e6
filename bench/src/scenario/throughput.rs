//! As many deliveries as a system can make, and what each costs.

use super::{Options, in_turn};
use crate::figures::{median, short};
use crate::load::{Load, Pace, Shape, Stage, Wrong};
use crate::system::{Limit, Nodes, System};
use crate::table;

pub(super) fn fanout(options: &Options) -> anyhow::Result<()> {
    let subscribers = options.size.unwrap_or(10_000);
    let shape = Shape { subscribers, channels: 1, nodes: 1, payload: 128 };
    println!("fanout: one channel with {subscribers} subscribers, 128 bytes, 8 publications in flight");
    compare(options, shape, Nodes::One, 8)
}

pub(super) fn rooms(options: &Options) -> anyhow::Result<()> {
    let subscribers = options.size.unwrap_or(10_000);
    let shape = Shape { subscribers, channels: (subscribers / 10).max(1), nodes: 1, payload: 128 };
    println!("rooms: {} rooms of 10, 128 bytes, 256 publications in flight", shape.channels);
    compare(options, shape, Nodes::One, 256)
}

pub(super) fn cluster(options: &Options) -> anyhow::Result<()> {
    let subscribers = options.size.unwrap_or(10_000);
    let shape = Shape { subscribers, channels: (subscribers / 10).max(1), nodes: 2, payload: 128 };
    println!(
        "cluster: two nodes over Redis, {} rooms of 10 spread over both, 128 bytes, 256 publications in flight\n\
         (the limit server is one, without Redis; CPU counts Redis)",
        shape.channels
    );
    compare(options, shape, Nodes::OverRedis(2), 256)
}

/// Each system in turn, several times.
fn compare(options: &Options, shape: Shape, nodes: Nodes, window: usize) -> anyhow::Result<()> {
    let systems = options.systems();
    let runs =
        in_turn(options, &systems, |system| once(system, shape, nodes, Pace::InFlight(window), options));
    let named: Vec<(&str, &[Load])> = systems
        .iter()
        .zip(&runs)
        .filter(|(_, runs)| !runs.is_empty())
        .map(|(system, runs)| (system.name(), runs.as_slice()))
        .collect();
    let limit = named.iter().find(|(name, _)| *name == Limit.name()).map_or(&[][..], |(_, runs)| runs);
    let rows: Vec<Vec<String>> = named.iter().map(|(name, runs)| row(name, runs, limit)).collect();
    table::print(
        &[
            "system",
            "deliveries/s",
            "× limit",
            "CPU µs each",
            "× limit",
            "of it Redis",
            "bytes each",
            "p50 ms",
            "p99 ms",
            "max ms",
            "generator CPU",
            "wrong",
        ],
        &rows,
    );
    for (name, runs) in named.iter().filter(|(name, _)| *name != Limit.name()) {
        let mut each = ratios(runs, limit, &Load::cpu_per_delivery);
        each.sort_by(f64::total_cmp);
        let each: Vec<String> = each.iter().map(|ratio| format!("{ratio:.2}")).collect();
        if each.len() > 1 {
            println!("  {name}, CPU × limit in each round, from the least: {}\n", each.join(" "));
        }
    }
    Ok(())
}

/// One run of one system, fresh.
pub(super) fn once(
    system: &dyn System,
    shape: Shape,
    nodes: Nodes,
    pace: Pace,
    options: &Options,
) -> anyhow::Result<Load> {
    let running = system.start(nodes)?;
    // The limit server is always one.
    let shape = Shape { nodes: running.addresses().len(), ..shape };
    Stage::set(&running, shape)?.run(&running, pace, options.lasting)
}

/// Each run to the limit server's in the same round: the machine is not the same from minute to minute.
fn ratios(runs: &[Load], limit: &[Load], figure: &dyn Fn(&Load) -> f64) -> Vec<f64> {
    runs.iter().zip(limit).map(|(run, limit)| figure(run) / figure(limit)).collect()
}

fn row(name: &str, runs: &[Load], limit: &[Load]) -> Vec<String> {
    let of = |figure: &dyn Fn(&Load) -> f64| median(runs.iter().map(figure).collect());
    let ratio = |figure: &dyn Fn(&Load) -> f64| match limit {
        [] => "–".to_owned(),
        limit => format!("{:.2}", median(ratios(runs, limit, figure))),
    };
    vec![
        name.to_owned(),
        short(of(&Load::deliveries_per_second)),
        ratio(&Load::deliveries_per_second),
        format!("{:.2}", of(&Load::cpu_per_delivery)),
        ratio(&Load::cpu_per_delivery),
        format!("{:.2}", of(&|run| run.redis_cpu.as_secs_f64() * 1e6 / run.deliveries.max(1) as f64)),
        format!("{:.0}", of(&Load::bytes_per_delivery)),
        format!("{:.1}", of(&|run| run.latency_ms(0.5))),
        format!("{:.1}", of(&|run| run.latency_ms(0.99))),
        format!("{:.1}", of(&|run| run.latency_ms(1.0))),
        format!("{:.0} %", of(&|run| run.own_cpu.as_secs_f64() / run.elapsed.as_secs_f64() * 100.0)),
        format!("{}", runs.iter().map(|run| run.wrong).sum::<Wrong>()),
    ]
}
