//! What is measured: Tidewire, the limit server, and peers.

mod limit;
mod process;
mod redis;
mod socket_io;
mod tidewire;

pub(crate) use limit::Limit;
pub(crate) use socket_io::SocketIo;
pub(crate) use tidewire::{Spoken, Tidewire};

use std::net::SocketAddr;
use std::time::Duration;

use crate::crowd::Crowd;
use crate::dialect::Dialect;
use crate::usage;
use process::Process;
use redis::Redis;

/// A server under test.
pub(crate) trait System {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Starts it, with so many nodes; several share a Redis, one is alone.
    ///
    /// # Errors
    /// What it needs and does not have; a scenario then goes on without it.
    fn start(&self, nodes: Nodes) -> anyhow::Result<Running>;
}

/// How many nodes, and what is behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// One, alone.
    One,
    /// So many, over one Redis.
    OverRedis(usize),
}

/// A started system; it ends when this is dropped.
pub(crate) struct Running {
    nodes: Vec<(Process, SocketAddr)>,
    redis: Option<Redis>,
    dialect: Box<dyn Fn() -> Box<dyn Dialect>>,
    /// What its files are in.
    _folder: Option<tempfile::TempDir>,
}

impl Running {
    /// Nobody connected to it yet.
    pub(crate) fn crowd(&self) -> anyhow::Result<Crowd> {
        Crowd::new((self.dialect)(), self.nodes.iter().map(|&(_, address)| address).collect())
    }

    /// Its nodes' addresses.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|&(_, address)| address).collect()
    }

    /// CPU time of all its processes, Redis too.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        usage::cpu(&self.processes())
    }

    /// CPU time of its Redis.
    pub(crate) fn redis_cpu(&self) -> anyhow::Result<Duration> {
        usage::cpu(&self.redis.iter().map(Redis::id).collect::<Vec<_>>())
    }

    /// Resident memory of its nodes, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        usage::resident(&self.node_processes())
    }

    /// The most resident memory that its nodes ever had, in bytes.
    pub(crate) fn peak_resident(&self) -> anyhow::Result<u64> {
        usage::peak_resident(&self.node_processes())
    }

    /// SIGKILL for one node.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].0.kill();
    }

    fn node_processes(&self) -> Vec<u32> {
        self.nodes.iter().filter(|(process, _)| process.runs()).map(|(process, _)| process.id()).collect()
    }

    fn processes(&self) -> Vec<u32> {
        let mut processes = self.node_processes();
        processes.extend(self.redis.iter().map(Redis::id));
        processes
    }
}
