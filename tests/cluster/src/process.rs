use std::io::ErrorKind;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a program may be busy before it starts.
const PATIENCE: Duration = Duration::from_secs(5);

/// A child process that ends, at the latest, when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command.
    ///
    /// # Panics
    /// Where the program cannot be started; the message names it.
    pub fn start(command: &mut Command) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match command.spawn() {
                Ok(child) => return Self { child },
                // A process that another thread starts has this file, which was just written, open until it is itself.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("cannot start {command:?}: {error}"),
            }
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by its name, `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -{name} {}", self.id());
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Waits for the end; true where the process said that all was well.
    pub fn ended_well(&mut self) -> bool {
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory of a process in bytes: `VmRSS` of `/proc/PID/status`.
///
/// # Panics
/// Where there is no such process, or no such file system.
pub fn resident_bytes(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process on Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS in /proc/PID/status");
    let kib: u64 =
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("VmRSS in kB");
    kib * 1024
}
