use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::Client;

/// A Redis server of one test: on a free port, in a directory of its own, killed when dropped.
pub(crate) struct RedisServer {
    port: u16,
    directory: PathBuf,
    process: Child,
}

impl RedisServer {
    /// Starts one, and returns when it answers.
    pub(crate) fn start() -> Self {
        for _ in 0..5 {
            // Between finding a free port and using it another process may take it.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let directory =
                std::env::temp_dir().join(format!("tidewire-redis-{}-{port}", std::process::id()));
            std::fs::create_dir_all(&directory).unwrap();
            let process = spawn(port, &directory);
            let mut server = Self { port, directory, process };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it as a crash does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it from doing anything, with all its connections open.
    pub(crate) fn halt(&self) {
        self.signal("-STOP");
    }

    /// Lets a halted one go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Starts it again, empty, on the same port.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, &self.directory);
        assert!(self.answers(), "redis-server does not start again");
    }

    /// Runs one command.
    pub(crate) fn run<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd(words[0]).arg(&words[1..]).query(&mut connection).unwrap()
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn answers(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) && self.process.try_wait().unwrap().is_none() {
            let connection = Client::open(self.url()).unwrap().get_connection();
            if connection.is_ok_and(|mut connection| redis::cmd("PING").exec(&mut connection).is_ok()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn spawn(port: u16, directory: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is needed on the PATH; install it: apt-get install -y redis-server")
}
