use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// A child process that ends, at the latest, when this is dropped.
pub(crate) struct Process {
    child: Child,
    runs: bool,
}

impl Process {
    /// Starts a command, and waits until somebody listens at `address`.
    pub(super) fn listening(command: &mut Command, address: SocketAddr) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut process = Self { child, runs: true };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                bail!("{program} ended: {status}");
            }
            if start.elapsed() > PATIENCE {
                bail!("{program} does not listen at {address}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn runs(&self) -> bool {
        self.runs
    }

    /// SIGKILL, and waits for the end.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.runs = false;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An address that nobody listens at.
pub(super) fn free_address(host: Ipv4Addr) -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((host, 0))?.local_addr()?)
}

const PATIENCE: Duration = Duration::from_secs(30);
