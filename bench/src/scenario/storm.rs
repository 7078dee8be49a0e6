//! A node is killed, and all its clients come to the other at once.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{Options, or_left_out};
use crate::dialect::Role;
use crate::figures::median;
use crate::stamp::{self, Stamp};
use crate::system::{Nodes, SocketIo, System, Tidewire};
use crate::table;

struct Storm {
    seconds: f64,
    before: f64,
    peak: f64,
    cpu_micros: f64,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let size = options.size.unwrap_or(10_000);
    println!(
        "storm: two nodes over Redis; {size} clients lose their node and come to the other, without a pause.\n\
         Tidewire's ask for what they missed, and are back when they have it; Socket.IO keeps no log.\n\
         Memory before is that of both nodes, the peak is that of the one that stays"
    );
    let systems: [Box<dyn System>; 2] = [Box::new(Tidewire { tokens: false }), Box::new(SocketIo)];
    let mut rows = Vec::new();
    for system in systems.iter().filter(|system| options.wants(system.name())) {
        let runs: Vec<Storm> = (0..options.runs)
            .filter_map(|_| or_left_out(system.as_ref(), |system| once(system, size)))
            .collect();
        if runs.is_empty() {
            continue;
        }
        let of = |figure: &dyn Fn(&Storm) -> f64| median(runs.iter().map(figure).collect());
        rows.push(vec![
            system.name().to_owned(),
            format!("{:.2}", of(&|storm| storm.seconds)),
            format!("{:.2}", runs.iter().map(|storm| storm.seconds).fold(0.0, f64::max)),
            format!("{:.0}", of(&|storm| storm.before / 1e6)),
            format!("{:.0}", of(&|storm| storm.peak / 1e6)),
            format!("{:.2}", of(&|storm| storm.peak / storm.before)),
            format!("{:.0}", of(&|storm| storm.cpu_micros)),
        ]);
    }
    table::print(
        &["system", "all back s", "worst s", "MB before", "MB peak", "× before", "CPU µs each"],
        &rows,
    );
    Ok(())
}

fn once(system: &dyn System, size: usize) -> anyhow::Result<Storm> {
    let mut running = system.start(Nodes::OverRedis(2))?;
    let channels = (size / 10).max(1);
    let mut crowd = running.crowd()?;
    crowd.join([Role { node: 1, channel: None, number: 0 }], 1)?;
    crowd.join((0..size).map(|nth| Role { node: 0, channel: Some(nth % channels), number: nth + 1 }), 256)?;
    let publish = |crowd: &mut crate::crowd::Crowd, seq: u64| {
        for channel in 0..channels {
            let payload =
                stamp::payload(Stamp { nanos: 0, number: u32::try_from(seq).unwrap_or_default() }, 128);
            crowd.publish(0, channel, seq, &payload);
        }
        crowd.flush(0);
    };
    publish(&mut crowd, 1);
    let (mut got, start) = (0, Instant::now());
    while got < size {
        crowd.turn(Duration::from_millis(50), |_, _| got += 1)?;
        ensure!(start.elapsed() < PATIENCE, "{got} of {size} deliveries came");
    }
    let before = running.resident()? as f64;
    running.kill(0);
    let cpu = running.cpu()?;
    let start = Instant::now();
    // While they are away.
    publish(&mut crowd, 2);
    while crowd.lost() < size {
        crowd.turn(Duration::from_millis(50), |_, _| {})?;
        ensure!(start.elapsed() < PATIENCE, "{} of {size} connections were lost", crowd.lost());
    }
    let away = crowd.take_lost();
    crowd.join(away.into_iter().map(|role| Role { node: 1, ..role }), 2_000)?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = running.cpu()?.saturating_sub(cpu);
    Ok(Storm {
        seconds,
        before,
        peak: running.peak_resident()? as f64,
        cpu_micros: cpu.as_secs_f64() * 1e6 / size as f64,
    })
}

const PATIENCE: Duration = Duration::from_secs(30);
