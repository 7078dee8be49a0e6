//! `cargo xtask chaos`: a long run.

#![allow(clippy::print_stdout, reason = "it talks to the person who typed it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use lexopt::{Arg, ValueExt as _};
use tidewire_cluster_tests::chaos::{RunOptions, Shape, Topology, report, run};

struct Options {
    minutes: f64,
    seed: u64,
    topology: Topology,
    acks: String,
    rate: f64,
    only: String,
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = parse(lexopt::Parser::from_env())?;
    std::fs::create_dir_all(&options.folder).context("the folder of the report")?;
    let Options { minutes, seed, topology, acks, rate, only, folder } = options;
    let title = format!("{topology}, acks {acks}, seed {seed}, {minutes} minutes, {rate} publications/s");
    println!("{title}; report in {}", folder.display());
    let options = RunOptions {
        topology,
        acks,
        seed,
        only,
        lasts: Duration::from_secs_f64(minutes * 60.0),
        shape: Shape { rate, ..Shape::default() },
        folder: folder.clone(),
        say: |line| println!("{line}"),
    };
    let outcome = run(&options).await;
    let text = report::text(&outcome.history, &outcome.verdict);
    println!("\n{text}");
    std::fs::write(folder.join("report.txt"), format!("{title}\n\n{text}"))?;
    let page = report::html(&title, &outcome.history, &outcome.verdict);
    std::fs::write(folder.join("report.html"), page)?;
    Ok(if outcome.verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(mut arguments: lexopt::Parser) -> anyhow::Result<Options> {
    let mut options = Options {
        minutes: 5.0,
        seed: rand::random_range(0..1_000_000),
        topology: Topology::Standalone,
        acks: "primary".to_owned(),
        rate: Shape::default().rate,
        only: String::new(),
        folder: PathBuf::from("chaos"),
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("minutes") => options.minutes = arguments.value()?.parse()?,
            Arg::Long("seed") => options.seed = arguments.value()?.parse()?,
            Arg::Long("topology") => options.topology = arguments.value()?.parse()?,
            Arg::Long("acks") => options.acks = arguments.value()?.string()?,
            Arg::Long("rate") => options.rate = arguments.value()?.parse()?,
            Arg::Long("only") => options.only = arguments.value()?.string()?,
            Arg::Long("report") => options.folder = arguments.value()?.into(),
            other @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}
