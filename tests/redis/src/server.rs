use std::time::{Duration, Instant};

use redis::{Client, Connection, FromRedisValue, RedisResult};
use tempfile::TempDir;

use crate::guarded::Guarded;
use crate::settings::ADMIN;
use crate::{Settings, Topology, free_port, wait_until};

/// One Redis process: standalone, or a part of [`Sentinels`](crate::Sentinels) or of a [`Cluster`](crate::Cluster).
#[derive(Debug)]
pub struct Server {
    port: u16,
    arguments: Vec<&'static str>,
    folder: TempDir,
    /// `None` while it is killed.
    process: Option<Guarded>,
}

/// How long a start, or an answer of a living server, may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    /// Starts one without any settings, and waits until it answers.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// Starts one, and waits until it answers.
    ///
    /// # Panics
    /// Where `redis-server` is not on PATH, or does not take the settings.
    pub fn with(settings: Settings) -> Self {
        Self::of(&settings.of_data(), Vec::new())
    }

    /// Starts a Redis of any kind.
    pub(crate) fn of(settings: &Settings, arguments: Vec<&'static str>) -> Self {
        for _ in 0..5 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            // Between finding a free port and using it another process may take it; then it ends, and another is tried.
            let port = free_port();
            std::fs::write(folder.path().join("redis.conf"), settings.file(port, folder.path()))
                .expect("a writable folder");
            let mut server = Self { port, arguments: arguments.clone(), folder, process: None };
            if server.starts() {
                return server;
            }
            let log = std::fs::read_to_string(server.folder.path().join("redis.log")).unwrap_or_default();
            assert!(
                log.contains("in use"),
                "redis-server, of apt-get install redis-server, does not start: {log}"
            );
        }
        panic!("no port stays free");
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    ///
    /// # Panics
    /// While it is killed.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("a running server").id()
    }

    /// SIGKILL: what it knew is gone, its connections break.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// SIGSTOP: its connections stay open, and nobody answers.
    pub fn freeze(&self) {
        self.process.as_ref().expect("a running server").signal("STOP");
    }

    /// SIGCONT: it goes on where it was frozen, and answers what was asked meanwhile.
    pub fn thaw(&self) {
        self.process.as_ref().expect("a running server").signal("CONT");
    }

    /// Starts it again on the same port, without what it knew; kills it before, where that was not done.
    ///
    /// # Panics
    /// Where it does not answer.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.starts(), "redis-server does not start again");
    }

    /// Whether it runs: not killed, perhaps frozen.
    pub fn runs(&self) -> bool {
        self.process.as_ref().is_some_and(Guarded::runs)
    }

    /// What it answers to a command: `run::<u64>(&["EXISTS", "key"])`.
    ///
    /// # Panics
    /// Where the answer is an error or is missing.
    pub fn run<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_run(words).unwrap_or_else(|error| panic!("{words:?} at port {}: {error}", self.port))
    }

    /// What it answers to a command, or why not.
    pub fn try_run<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let (command, arguments) = words.split_first().expect("a command");
        redis::cmd(command).arg(arguments).query(&mut connection(self.port, PATIENCE)?)
    }

    /// Its replicas hear nothing more, and cannot come back while it runs: what it takes from now on, it alone has.
    ///
    /// # Panics
    /// Where it does not answer.
    pub fn part_from_replicas(&self) {
        self.run::<()>(&["ACL", "SETUSER", ADMIN, "-sync", "-psync"]);
        self.run::<()>(&["CLIENT", "KILL", "TYPE", "replica"]);
    }

    /// Replicas may come again.
    ///
    /// # Panics
    /// Where it does not answer.
    pub fn take_replicas(&self) {
        self.run::<()>(&["ACL", "SETUSER", ADMIN, "+sync", "+psync"]);
    }

    /// A line of `INFO`: `info("stats", "total_commands_processed")`; empty where there is none.
    pub fn info(&self, section: &str, name: &str) -> String {
        let info = self.try_run::<String>(&["INFO", section]).unwrap_or_default();
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    }

    /// How many commands it has executed since its start.
    pub fn commands(&self) -> u64 {
        self.info("stats", "total_commands_processed").parse().expect("a count in INFO")
    }

    /// Starts the process, and waits until it answers; false where it ends instead.
    fn starts(&mut self) -> bool {
        let arguments = [&["redis.conf"], self.arguments.as_slice()].concat();
        let process = Guarded::start("redis-server", &arguments, self.folder.path());
        let end = Instant::now() + PATIENCE;
        while process.runs() && Instant::now() < end {
            // Another server may have taken the port.
            if self.info("server", "process_id") == process.id().to_string() {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

/// A connection of a user who may do everything, who waits so long for an answer.
pub(crate) fn connection(port: u16, patience: Duration) -> RedisResult<Connection> {
    let client = Client::open(format!("redis://{ADMIN}:any@127.0.0.1:{port}/"))?;
    let connection = client.get_connection_with_timeout(Duration::from_secs(2))?;
    connection.set_read_timeout(Some(patience))?;
    Ok(connection)
}

impl Topology for Server {
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn servers(&mut self) -> Vec<&mut Server> {
        vec![self]
    }

    fn primary(&mut self, _key: &str) -> &mut Server {
        self
    }

    fn wait_until_whole(&self) {
        wait_until("Redis answers", PATIENCE, || self.try_run::<String>(&["PING"]).is_ok());
    }
}
