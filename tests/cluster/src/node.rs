use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
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

/// What a test may want beside; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Mechanisms that are switched off, with commas between them: `deduplication`, `tags`, `sweep`, `healing`.
    pub off: String,
    /// Where its log lines go, instead of to the test's own.
    pub log: Option<PathBuf>,
}

/// A running `tidewire serve --dev`, the binary as users run it (release).
#[derive(Debug)]
pub struct Node {
    process: Process,
    address: SocketAddr,
    config: NodeConfig,
    launch: Launch,
    folder: TempDir,
}

impl Node {
    /// Starts a node on a free port, and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub fn start(config: NodeConfig) -> Self {
        Self::launch(config, Launch::default())
    }

    /// The same, with what a test wants beside.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub fn launch(config: NodeConfig, launch: Launch) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Build::of(&launch).copy_to(&folder.path().join(PROGRAM));
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = start_in(&folder, address, &config, &launch);
        let node = Self { process, address, config, launch, folder };
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
        self.start_again();
    }

    /// A new start on the same port, after the process has ended.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub fn start_again(&mut self) {
        self.process = start_in(&self.folder, self.address, &self.config, &self.launch);
        self.wait_until_ready();
    }

    /// SIGTERM, and a new start on the same port once all connections have moved and the node has ended.
    ///
    /// # Panics
    /// Where it does not end well.
    pub fn restart_in_order(&mut self) {
        self.process.signal("TERM");
        assert!(self.process.ended_well(), "the node did not end well");
        self.start_again();
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

    /// Waits until it takes clients.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub fn wait_until_ready(&self) {
        wait_until("the node is ready", Duration::from_secs(20), || {
            ureq::get(format!("http://{}/health/ready", self.address)).call().is_ok()
        });
    }
}

fn start_in(folder: &TempDir, address: SocketAddr, config: &NodeConfig, launch: &Launch) -> Process {
    let file = folder.path().join("tidewire.toml");
    std::fs::write(&file, &config.config).expect("a writable folder");
    let mut command = Command::new(folder.path().join(PROGRAM));
    command.args(["serve", "--dev", "--listen", &address.to_string(), "--backbone", &config.backbone]);
    command.arg("--config").arg(file).stdout(Stdio::null());
    if !launch.off.is_empty() {
        command.env("TIDEWIRE_SWITCH_OFF", &launch.off);
    }
    if let Some(log) = &launch.log {
        let lines = File::options().create(true).append(true).open(log).expect("a writable folder");
        command.stderr(lines);
    }
    Process::start(&mut command)
}

/// A node has its own copy: it may be started again when another build has taken the place of this one.
const PROGRAM: &str = "tidewire";

/// Which `tidewire`.
#[derive(Clone, Copy, Debug)]
enum Build {
    /// As users run it.
    Whole,
    /// With mechanisms that can be switched off; for speed of building, not optimised.
    Switches,
}

impl Build {
    fn of(launch: &Launch) -> Self {
        if launch.off.is_empty() { Self::Whole } else { Self::Switches }
    }

    /// Builds the server, once, and copies it.
    fn copy_to(self, path: &Path) {
        static BUILT: [Mutex<Option<PathBuf>>; 2] = [const { Mutex::new(None) }; 2];
        let mut built = BUILT[self as usize].lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::copy(built.get_or_insert_with(|| self.make()), path).expect("a built program");
    }

    fn make(self) -> PathBuf {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "tidewire-server", "--bin", "tidewire"]);
        let profile = match self {
            Self::Whole => {
                cargo.arg("--release");
                "release"
            }
            Self::Switches => {
                cargo.args(["--features", "switches"]);
                "debug"
            }
        };
        // This program is TARGET/PROFILE/NAME, or a test TARGET/PROFILE/deps/NAME.
        let program = std::env::current_exe().expect("this program's path");
        let folder = program.parent().expect("a folder");
        let own = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
        let target = own.and_then(Path::parent).expect("a target folder");
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
        // What the outer cargo put there: build scripts watch some of it, and would run anew.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_"))
        {
            let keep = ["CARGO_HOME", "CARGO_TARGET_DIR"].iter().any(|kept| name == *kept);
            if !keep && !name.to_string_lossy().starts_with("CARGO_BUILD_") {
                cargo.env_remove(name);
            }
        }
        assert!(cargo.status().is_ok_and(|status| status.success()), "{cargo:?}");
        target.join(profile).join(format!("tidewire{}", std::env::consts::EXE_SUFFIX))
    }
}
