use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use super::example::Example;
use crate::repository::Repository;
use crate::say::say;

/// The demo's servers; killed when dropped.
#[derive(Debug)]
pub(super) struct Nodes {
    server: PathBuf,
    page: PathBuf,
    backbone: String,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    address: SocketAddr,
    process: Child,
}

impl Nodes {
    /// Starts one node on each of the ports.
    pub(super) fn start(
        repository: &Repository,
        example: Example,
        backbone: &str,
        ports: &[u16],
    ) -> anyhow::Result<Self> {
        let mut all = Self {
            server: repository.built("tidewire"),
            page: example.page(repository),
            backbone: backbone.to_owned(),
            nodes: Vec::new(),
        };
        for port in ports {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let process = all.spawn(address)?;
            all.nodes.push(Node { address, process });
        }
        Ok(all)
    }

    /// Where the nodes listen.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.address).collect()
    }

    /// An error if a node has ended.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            if let Some(status) = node.process.try_wait()? {
                bail!("the node on {} ended with {status}; what it wrote is above", node.address);
            }
        }
        Ok(())
    }

    /// Says how to kill one, where there is another.
    pub(super) fn introduce(&self) {
        let [first, _, ..] = self.nodes.as_slice() else { return };
        for node in &self.nodes {
            println!("  node on {}: process {}", node.address, node.process.id());
        }
        println!(
            "  Kill one (kill -9 {}) meanwhile: nothing is missing, nothing doubled.",
            first.process.id()
        );
    }

    /// Starts again a node that was killed, where there is another to carry on meanwhile.
    pub(super) fn look_after(&mut self) -> anyhow::Result<()> {
        if self.nodes.len() == 1 {
            return self.check();
        }
        for place in 0..self.nodes.len() {
            let Some(status) = self.nodes[place].process.try_wait()? else { continue };
            let address = self.nodes[place].address;
            self.nodes[place].process = self.spawn(address)?;
            let process = self.nodes[place].process.id();
            say(&format!(
                "the node on {address} is gone ({status}); a new one takes its place: process {process}"
            ));
        }
        Ok(())
    }

    fn spawn(&self, address: SocketAddr) -> anyhow::Result<Child> {
        let mut command = Command::new(&self.server);
        command.args(["serve", "--dev", "--listen", &address.to_string(), "--backbone", &self.backbone]);
        command.arg("--serve-dir").arg(&self.page).stdin(Stdio::null());
        // Its greeting would bury the demo's own; what goes wrong it writes to the other stream.
        command.stdout(Stdio::null());
        command.spawn().with_context(|| format!("cannot start {}", self.server.display()))
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.process.kill();
            let _ = node.process.wait();
        }
    }
}
