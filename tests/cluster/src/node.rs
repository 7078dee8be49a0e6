use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tidewire_test_redis::{free_port, wait_until};

use crate::Process;

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// `memory` or a Redis URL.
    pub backbone: String,
    /// `tidewire.toml`, beside `--dev`.
    pub config: String,
}

/// A running `tidewire serve --dev`, the binary as users run it (release).
#[derive(Debug)]
pub struct Node {
    process: Process,
    address: SocketAddr,
    config: NodeConfig,
    folder: TempDir,
}

impl Node {
    /// Starts a node on a free port, and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub fn start(config: NodeConfig) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = Self::start_in(&folder, address, &config);
        let node = Self { process, address, config, folder };
        node.wait_until_ready();
        node
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The WebSocket's URL.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/connect", self.address)
    }

    /// The process, to signal it or look at it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGKILL, and a new start on the same port.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = Self::start_in(&self.folder, self.address, &self.config);
        self.wait_until_ready();
    }

    /// SIGTERM, and a new start on the same port once all connections have moved and the node has ended.
    ///
    /// # Panics
    /// Where it does not end well.
    pub fn restart_in_order(&mut self) {
        self.process.signal("TERM");
        assert!(self.process.ended_well(), "the node did not end well");
        self.process = Self::start_in(&self.folder, self.address, &self.config);
        self.wait_until_ready();
    }

    /// What `POST path` answers, as an operator sends it.
    ///
    /// # Panics
    /// Where the node does not answer with a success.
    pub fn order(&self, path: &str) -> String {
        let mut answer =
            ureq::post(format!("http://{}{path}", self.address)).send_empty().expect("an answer");
        answer.body_mut().read_to_string().expect("a text")
    }

    /// The number after these words in `/metrics`, which must be on the main address; 0 where nothing was counted.
    pub fn metric(&self, words: &str) -> u64 {
        let metrics = self.ask("/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(words));
        line.map_or(0, |number| number.trim().parse().expect("a whole number"))
    }

    /// What `GET path` answers.
    ///
    /// # Panics
    /// Where the node does not answer with a success.
    pub fn ask(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("http://{}{path}", self.address)).call().expect("an answer");
        answer.body_mut().read_to_string().expect("a text")
    }

    fn start_in(folder: &TempDir, address: SocketAddr, config: &NodeConfig) -> Process {
        let file = folder.path().join("tidewire.toml");
        std::fs::write(&file, &config.config).expect("a writable folder");
        let mut command = Command::new(binary());
        command.args(["serve", "--dev", "--listen", &address.to_string(), "--backbone", &config.backbone]);
        Process::start(command.arg("--config").arg(file).stdout(Stdio::null()))
    }

    fn wait_until_ready(&self) {
        wait_until("the node is ready", Duration::from_secs(20), || {
            ureq::get(format!("http://{}/health/ready", self.address)).call().is_ok()
        });
    }
}

/// Builds the server once, and says where it is.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let build = ["build", "--release", "--quiet", "--package", "tidewire-server", "--bin", "tidewire"];
        let built = Command::new(env!("CARGO")).args(build).current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.is_ok_and(|status| status.success()), "cargo {}", build.join(" "));
        // This program is TARGET/PROFILE/deps/NAME.
        let program = std::env::current_exe().expect("this program's path");
        let target = program.ancestors().nth(3).expect("a target folder");
        target.join("release").join(format!("tidewire{}", std::env::consts::EXE_SUFFIX))
    })
}
