//! How fast and how small Tidewire is, beside a server that only writes and beside its peers.
//!
//! `cargo run --release -p tidewire-bench -- SCENARIO`. All systems run in turn, several times, on this machine; what
//! counts is the ratio to the limit server in the same run, not the absolute figure.

#![allow(clippy::print_stdout, reason = "it talks to the person who typed it")]

mod crowd;
mod dialect;
mod figures;
mod limit_server;
mod load;
mod plot;
mod scenario;
mod stamp;
mod system;
mod table;
mod usage;
mod websocket;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use scenario::{Options, Scenario};

/// Measures Tidewire beside a limit server and its peers. Load goes to 127.0.0.0/8 only.
#[derive(Parser)]
#[command(name = "tidewire-bench", subcommand_required = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Memory of 10,000 connections that are subscribed and idle, and CPU of making each, with a token.
    Idle(Common),
    /// One channel with 10,000 subscribers, 8 publications in flight.
    Fanout(Common),
    /// 1,000 rooms of 10, 256 publications in flight.
    Rooms(Common),
    /// The same over two nodes and Redis.
    Cluster(Common),
    /// 1,000 publications a second in rooms of 10, whatever becomes of them: alone, and over Redis.
    Latency(Common),
    /// 10,000 clients lose their node and come back to the other.
    Storm(Common),
    /// CPU for each delivery at one, three and ten times the subscribers, channels and nodes.
    Growth(Common),
    /// A million sockets over many nodes and one Redis; each gets a broadcast.
    Million(Common),
    /// All but `million`.
    All(Common),
    #[command(hide = true)]
    LimitServer { address: SocketAddr },
    #[command(hide = true)]
    Worker,
}

#[derive(clap::Args)]
struct Common {
    /// Connections; each scenario has a size of its own.
    #[arg(long)]
    size: Option<usize>,
    /// How long each measurement lasts, after a fifth of it to warm up.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How often each system runs, in turn.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Systems, of `limit`, `tidewire`, `socket.io`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A folder for the curves, as SVG.
    #[arg(long)]
    plots: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let (scenarios, common) = match Cli::parse().command {
        Command::LimitServer { address } => return limit_server::run(address),
        Command::Worker => return worker::run(),
        Command::Idle(common) => (vec![Scenario::Idle], common),
        Command::Fanout(common) => (vec![Scenario::Fanout], common),
        Command::Rooms(common) => (vec![Scenario::Rooms], common),
        Command::Cluster(common) => (vec![Scenario::Cluster], common),
        Command::Latency(common) => (vec![Scenario::Latency], common),
        Command::Storm(common) => (vec![Scenario::Storm], common),
        Command::Growth(common) => (vec![Scenario::Growth], common),
        Command::Million(common) => (vec![Scenario::Million], common),
        Command::All(common) => (Scenario::ALL.to_vec(), common),
    };
    // Both ends of each connection are open files; the limit of this process counts only its own.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let options = Options {
        size: common.size,
        lasting: std::time::Duration::from_secs_f64(common.seconds.clamp(0.5, 600.0)),
        runs: common.runs.clamp(1, 20),
        only: common.only,
        plots: common.plots,
    };
    for scenario in scenarios {
        scenario.run(&options)?;
    }
    Ok(())
}
