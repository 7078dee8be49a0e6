//! A million sockets that are live at once, over many nodes and one Redis; each gets a broadcast.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::Options;
use crate::dialect::Role;
use crate::figures::short;
use crate::stamp::{self, Stamp};
use crate::system::{Nodes, System, Tidewire};
use crate::table;
use crate::usage;
use crate::worker::Worker;

/// Sockets of one node, and of one process of the generator, at most.
const PER_NODE: u64 = 19_000;
/// Nodes that are filled at one time.
const AT_A_TIME: usize = 4;
/// What one socket takes of the machine's memory, both its ends and the node's part, in bytes.
const MEMORY_EACH: u64 = 16_000;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let wished = options.size.unwrap_or(1_000_000);
    let room = usize::try_from(usage::available()? / MEMORY_EACH)?;
    let size = wished.min(room);
    if size < wished {
        println!("memory suffices for {size} sockets of the wished {wished}: this is a part");
    }
    let (files, _) = rlimit::Resource::NOFILE.get()?;
    // A node keeps a sixteenth of its files for others than clients.
    let per_node = usize::try_from(PER_NODE.min(files - files / 16).saturating_sub(100))?;
    ensure!(per_node > 0, "a process may open {files} files, and needs more: ulimit -n");
    let nodes = size.div_ceil(per_node);
    println!("million: {size} sockets on {nodes} nodes over one Redis, all subscribed to one channel");
    let start = Instant::now();
    let running = Tidewire { tokens: false }.start(Nodes::OverRedis(nodes))?;
    let addresses: Vec<_> = running.addresses().into_iter().enumerate().collect();
    let mut workers = Vec::new();
    // A few at a time: a hundred busy processes would leave Redis and the nodes too little of the machine to answer
    // each other in time.
    for some in addresses.chunks(AT_A_TIME) {
        let first = workers.len();
        for &(nth, address) in some {
            let count = size / nodes + usize::from(nth < size % nodes);
            workers.push(Worker::start(nth, address, count)?);
        }
        for worker in &mut workers[first..] {
            worker.wait_for("live", PATIENCE)?;
        }
    }
    let connected = start.elapsed();
    let resident = running.resident()?;
    let mut crowd = running.crowd()?;
    crowd.join([Role { node: 0, channel: None, number: 0 }], 1)?;
    let cpu = running.cpu()?;
    let published = Instant::now();
    crowd.publish(0, 0, 1, &stamp::payload(Stamp { nanos: 0, number: 1 }, 128));
    crowd.flush(0);
    crowd.turn(Duration::from_millis(10), |_, _| {})?;
    let mut delivered = 0;
    for worker in &mut workers {
        delivered += worker.wait_for("all", PATIENCE)?;
    }
    let broadcast = published.elapsed();
    ensure!(delivered == size, "{delivered} of {size} got the broadcast");
    let rows = [vec![
        size.to_string(),
        delivered.to_string(),
        format!("{:.0}", connected.as_secs_f64()),
        format!("{:.2}", broadcast.as_secs_f64()),
        format!("{:.2}", resident as f64 / size as f64 / 1000.0),
        format!("{:.1}", (running.cpu()? - cpu).as_secs_f64() * 1e6 / size as f64),
        short(start.elapsed().as_secs_f64()),
    ]];
    table::print(
        &[
            "live at once",
            "got it once",
            "connected s",
            "broadcast s",
            "resident KB each",
            "CPU µs each",
            "all s",
        ],
        &rows,
    );
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(900);
