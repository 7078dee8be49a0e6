use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Process, free_port, wait_until};

/// A Redis server without persistence.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts one, and waits until it answers.
    ///
    /// # Panics
    /// Where `redis-server` is not on PATH.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let process = Self::start_in(&folder, port);
        let redis = Self { process, port, folder };
        redis.wait_until_ready();
        redis
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// SIGSTOP: its connections stay open, and nobody answers.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Starts it again on the same port, empty.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = Self::start_in(&self.folder, self.port);
        self.wait_until_ready();
    }

    /// How many commands it has executed since its start.
    pub fn commands(&self) -> u64 {
        let answer = self.ask("INFO stats");
        let line = answer.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
        line.and_then(|count| count.trim().parse().ok()).expect("total_commands_processed in INFO stats")
    }

    fn start_in(folder: &TempDir, port: u16) -> Process {
        let mut command = Command::new("redis-server");
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
        Process::start(command.arg("--dir").arg(folder.path()).stdout(Stdio::null()))
    }

    fn wait_until_ready(&self) {
        wait_until("Redis answers", Duration::from_secs(10), || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.ask("PING").contains("PONG")
        });
    }

    /// One inline command; enough for the few questions of tests.
    fn ask(&self, command: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let asked = stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes());
        let mut answer = String::new();
        let read = asked.and_then(|()| stream.read_to_string(&mut answer));
        read.map(|_| answer).unwrap_or_default()
    }
}
