use sha1::{Digest, Sha1};
use std::fmt::Write;
use std::sync::LazyLock;

/// Appends a publication; see its own words.
pub(super) static PUBLISH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("publish.lua")));
/// Reads a log; see its own words.
pub(super) static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));
/// Lets an idle channel's publishers expire; see its own words.
pub(super) static TIDY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("tidy.lua")));
/// Changes who is in a channel; see its own words.
pub(super) static PRESENCE_CHANGE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("presence/change.lua")));
/// Reads who is in a channel; see its own words.
pub(super) static PRESENCE_READ: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("presence/read.lua")));
/// Renews a node's lease; see its own words.
pub(super) static PRESENCE_RENEW: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("presence/renew.lua")));

/// A script that Redis runs; called by its hash, and loaded again when Redis has forgotten it.
pub(super) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    fn new(source: &'static str) -> Self {
        let mut hash = String::with_capacity(40);
        for byte in Sha1::digest(source.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self { source, hash }
    }

    /// A call with these keys; the arguments are still to be added.
    pub(super) fn call(&self, keys: &[String]) -> redis::Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.hash.as_str()).arg(keys.len()).arg(keys);
        command
    }

    /// Makes Redis know all scripts.
    pub(super) fn load_all() -> [redis::Cmd; 6] {
        [&PUBLISH, &READ, &TIDY, &PRESENCE_CHANGE, &PRESENCE_READ, &PRESENCE_RENEW].map(|script| {
            let mut command = redis::cmd("SCRIPT");
            command.arg("LOAD").arg(script.source);
            command
        })
    }
}
