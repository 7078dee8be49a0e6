use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process beside a shell that kills it as soon as its own input ends: when this is dropped, or when the test's
/// process is gone, however it went.
#[derive(Debug)]
pub(crate) struct Guarded {
    shell: Child,
    id: u32,
}

/// Killing is safe from reused process ids: until `wait`, the shell's child keeps its own.
const SHELL: &str = r#""$@" </dev/null >/dev/null 2>&1 & echo $!; read -r _; kill -KILL $!; wait"#;

impl Guarded {
    /// Starts a program in a folder.
    pub(crate) fn start(program: &str, arguments: &[&str], folder: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SHELL, "sh", program])
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut id = String::new();
        let answer = shell.stdout.take().expect("the shell's output");
        BufReader::new(answer).read_line(&mut id).expect("the shell answers");
        Self { shell, id: id.trim().parse().expect("a process id") }
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it has not ended; where the system does not tell, it has not.
    pub(crate) fn runs(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.id));
        !state.is_ok_and(|state| state.rsplit(')').next().is_some_and(|after| after.starts_with(" Z")))
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id.to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {}", self.id);
    }
}

impl Drop for Guarded {
    /// SIGKILL, and waits for the end.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
