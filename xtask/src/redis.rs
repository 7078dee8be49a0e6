use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::page::free_port;
use crate::repository::Repository;
use crate::system::Package;

/// A Redis of one's own: on a free port, in a folder of its own, gone when dropped.
#[derive(Debug)]
pub(crate) struct Redis {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Redis {
    /// Starts the system's Redis and waits until it takes connections.
    pub(crate) fn start(repository: &Repository) -> anyhow::Result<Self> {
        let program = Package::Redis.find()?;
        let port = free_port()?;
        let folder = repository.target(&format!("xtask/redis-{port}"));
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new(program);
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(&folder).stdin(Stdio::null()).stdout(Stdio::null());
        let server = command.spawn().context("cannot start Redis")?;
        let mut redis = Self { server, folder, port };
        redis.wait()?;
        Ok(redis)
    }

    /// Where it listens, as `tidewire serve --backbone` takes it.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).is_err() {
            if let Some(status) = self.server.try_wait()? {
                bail!("Redis ended at once with {status}");
            }
            if Instant::now() > patience {
                bail!("Redis did not answer within 10 s");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
