use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use super::process::{Process, free_address};

/// A Redis server without persistence.
pub(crate) struct Redis {
    process: Process,
    url: String,
    _folder: TempDir,
}

impl Redis {
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address(Ipv4Addr::LOCALHOST)?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(folder.path());
        let process = Process::listening(&mut command, address)
            .context("clustered runs need redis-server on PATH (Debian: apt install redis-server)")?;
        Ok(Self { process, url: format!("redis://{address}"), _folder: folder })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}
