//! What is measured, and how it is shown.

mod growth;
mod idle;
mod latency;
mod million;
mod storm;
mod throughput;

use std::path::PathBuf;
use std::time::Duration;

use crate::plot::Plot;
use crate::system::{Limit, SocketIo, System, Tidewire};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Idle,
    Fanout,
    Rooms,
    Cluster,
    Latency,
    Storm,
    Growth,
    Million,
}

/// What the person who runs it may choose.
pub(crate) struct Options {
    pub(crate) size: Option<usize>,
    pub(crate) lasting: Duration,
    pub(crate) runs: usize,
    pub(crate) only: Vec<String>,
    pub(crate) plots: Option<PathBuf>,
}

impl Scenario {
    /// Those that run one after the other in some minutes.
    pub(crate) const ALL: [Self; 7] =
        [Self::Idle, Self::Fanout, Self::Rooms, Self::Cluster, Self::Latency, Self::Storm, Self::Growth];

    /// Runs it, and prints its tables.
    pub(crate) fn run(self, options: &Options) -> anyhow::Result<()> {
        match self {
            Self::Idle => idle::run(options),
            Self::Fanout => throughput::fanout(options),
            Self::Rooms => throughput::rooms(options),
            Self::Cluster => throughput::cluster(options),
            Self::Latency => latency::run(options),
            Self::Storm => storm::run(options),
            Self::Growth => growth::run(options),
            Self::Million => million::run(options),
        }
    }
}

impl Options {
    /// The systems that are wished.
    fn systems(&self) -> Vec<Box<dyn System>> {
        let all: [Box<dyn System>; 3] =
            [Box::new(Limit), Box::new(Tidewire { tokens: false }), Box::new(SocketIo)];
        all.into_iter().filter(|system| self.wants(system.name())).collect()
    }

    fn wants(&self, system: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == system)
    }

    /// Writes a curve, where a folder for them is given.
    fn draw(&self, name: &str, plot: &Plot<'_>) -> anyhow::Result<()> {
        let Some(folder) = &self.plots else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        Ok(std::fs::write(folder.join(name).with_extension("svg"), plot.svg())?)
    }
}

/// Several runs of each system, one system after the other each time: the machine is not the same from minute to
/// minute. What cannot run is left out, and says why.
fn in_turn<T>(
    options: &Options,
    systems: &[Box<dyn System>],
    once: impl Fn(&dyn System) -> anyhow::Result<T>,
) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = systems.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.runs {
        for (system, runs) in systems.iter().zip(&mut runs) {
            runs.extend(or_left_out(system.as_ref(), &once));
        }
    }
    runs
}

/// A run, or a line that says why there is none; the others go on.
fn or_left_out<T>(system: &dyn System, once: impl Fn(&dyn System) -> anyhow::Result<T>) -> Option<T> {
    once(system).inspect_err(|error| println!("  {} is left out: {error:#}", system.name())).ok()
}
