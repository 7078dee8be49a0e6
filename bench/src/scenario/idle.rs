//! What a connection costs: memory while nothing happens, and CPU to make it.

use std::time::Duration;

use super::{Options, in_turn};
use crate::dialect::Role;
use crate::figures::median;
use crate::system::{Limit, Nodes, SocketIo, System, Tidewire};
use crate::table;

struct Cost {
    bytes: f64,
    connect_micros: f64,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let size = options.size.unwrap_or(10_000);
    println!(
        "idle: {size} connections, each subscribed to one of 100 channels; Tidewire's show a token (HS256) at hello"
    );
    let systems: [Box<dyn System>; 3] =
        [Box::new(Limit), Box::new(Tidewire { tokens: true }), Box::new(SocketIo)];
    let systems: Vec<_> = systems.into_iter().filter(|system| options.wants(system.name())).collect();
    let runs = in_turn(options, &systems, |system| once(system, size));
    let rows: Vec<Vec<String>> = systems
        .iter()
        .zip(&runs)
        .filter(|(_, runs)| !runs.is_empty())
        .map(|(system, runs)| {
            vec![
                system.name().to_owned(),
                format!("{:.2}", median(runs.iter().map(|cost| cost.bytes / 1000.0).collect())),
                format!("{:.0}", median(runs.iter().map(|cost| cost.connect_micros).collect())),
            ]
        })
        .collect();
    table::print(&["system", "resident KB each", "CPU µs to connect"], &rows);
    Ok(())
}

fn once(system: &dyn System, size: usize) -> anyhow::Result<Cost> {
    let running = system.start(Nodes::One)?;
    let mut crowd = running.crowd()?;
    let roles = |numbers: std::ops::Range<usize>| {
        numbers.map(|number| Role { node: 0, channel: Some(number % CHANNELS), number })
    };
    // The first ones pay for what the process sets up once.
    crowd.join(roles(0..CHANNELS), 16)?;
    std::thread::sleep(SETTLED);
    let (bytes, cpu) = (running.resident()?, running.cpu()?);
    crowd.join(roles(CHANNELS..CHANNELS + size), 64)?;
    let connecting = running.cpu()? - cpu;
    std::thread::sleep(SETTLED);
    Ok(Cost {
        bytes: running.resident()?.saturating_sub(bytes) as f64 / size as f64,
        connect_micros: connecting.as_secs_f64() * 1e6 / size as f64,
    })
}

const CHANNELS: usize = 100;
/// What a server does a moment after a connection, as handing back buffers, counts as its own.
const SETTLED: Duration = Duration::from_secs(1);
