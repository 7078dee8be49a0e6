/// Lines of a `redis.conf`; without any, a server that keeps nothing on disk and lets everybody do everything.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    lines: Vec<String>,
}

/// Who may do everything on every server, with any password, so that the tests always can.
pub(crate) const ADMIN: &str = "tests";

impl Settings {
    /// Any directive: `set("maxmemory", "10mb")`.
    #[must_use]
    pub fn set(mut self, directive: &str, value: &str) -> Self {
        self.lines.push(format!("{directive} {value}"));
        self
    }

    /// A password for everybody who names no user.
    #[must_use]
    pub fn password(self, password: &str) -> Self {
        self.set("requirepass", password)
    }

    /// A user by a rule of Redis' ACL: `user("app on >secret ~tidewire:* &tidewire:* +@all")`.
    #[must_use]
    pub fn user(self, rule: &str) -> Self {
        self.set("user", rule)
    }

    /// A replica of the server at this port.
    #[must_use]
    pub fn replica_of(self, port: u16) -> Self {
        self.set("replicaof", &format!("127.0.0.1 {port}"))
    }

    /// These, and then others, which count more.
    pub(crate) fn and(mut self, others: &Self) -> Self {
        self.lines.extend_from_slice(&others.lines);
        self
    }

    /// As a file, of a server that lives in this folder at this port.
    pub(crate) fn file(&self, port: u16, folder: &std::path::Path) -> String {
        let mut file = format!(
            "bind 127.0.0.1\nport {port}\ndir {}\nlogfile redis.log\nuser {ADMIN} on nopass ~* &* +@all\n",
            folder.display()
        );
        for line in &self.lines {
            file.push_str(line);
            file.push('\n');
        }
        file
    }

    /// Before all else, what a server that holds data (and is no Sentinel) needs.
    pub(crate) fn of_data(self) -> Self {
        // How a primary's replicas find it is known at once, and a replica may log in whatever the password.
        let base = Self::default()
            .set("save", "\"\"")
            .set("appendonly", "no")
            .set("repl-diskless-sync-delay", "0")
            .set("masteruser", ADMIN)
            .set("masterauth", "any");
        Self { lines: base.lines.into_iter().chain(self.lines).collect() }
    }
}
