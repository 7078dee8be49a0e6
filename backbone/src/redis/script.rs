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
        Self::all().map(|script| {
            let mut command = redis::cmd("SCRIPT");
            command.arg("LOAD").arg(script.source);
            command
        })
    }

    /// Which script a command calls.
    pub(super) fn called_by(command: &redis::Cmd) -> Option<&'static Self> {
        let mut words = command.args_iter();
        let (redis::Arg::Simple(b"EVALSHA"), redis::Arg::Simple(hash)) = (words.next()?, words.next()?)
        else {
            return None;
        };
        Self::all().into_iter().find(|script| script.hash.as_bytes() == hash)
    }

    /// The same call as [`Script::call`] and its arguments made, but naming one key only. Of several keys, of
    /// which some are missing, a server that is getting a slot refuses all.
    pub(super) fn naming_one_key(&self, call: &redis::Cmd) -> redis::Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg([UNNAMED, self.source].concat()).arg(1);
        let mut words = call.args_iter().skip(2).filter_map(|word| match word {
            redis::Arg::Simple(bytes) => Some(bytes),
            _ => None,
        });
        let count = words.next();
        command.arg(words.next()).arg(count);
        for word in words {
            command.arg(word);
        }
        command
    }

    fn all() -> [&'static Self; 6] {
        [&PUBLISH, &READ, &TIDY, &PRESENCE_CHANGE, &PRESENCE_READ, &PRESENCE_RENEW]
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

/// Goes before a script whose keys, from the second on, are arguments: 1 how many keys there are.
const UNNAMED: &str = "\
local named, given = KEYS, ARGV
local KEYS, ARGV = { named[1] }, {}
for index = 2, #given do
  if index <= tonumber(given[1]) then KEYS[index] = given[index] else ARGV[#ARGV + 1] = given[index] end
end
";
