//! The developers' commands: `cargo xtask demo`, `cargo xtask test`, `cargo xtask chaos`, `cargo xtask npm`,
//! `cargo xtask reference`.
//!
//! One command, one file. Each brings what it needs and says so in one line; what is fresh is not made again.

#![allow(clippy::print_stdout, reason = "these commands talk to the person who typed them")]

mod cargo;
mod chaos;
mod demo;
mod likeness;
mod node;
mod npm;
mod page;
mod program;
mod redis;
mod reference;
mod repository;
mod say;
mod stamp;
mod system;
mod test;

use std::process::ExitCode;

use anyhow::bail;
use lexopt::Arg;

use crate::repository::Repository;

const USAGE: &str = "\
Tidewire's developers' commands

cargo xtask demo [--example chat|dashboard] [--port 7800] [--nodes 1] [--no-open]
    builds all, starts the server and serves the Angular example; Ctrl-C stops it.
    --nodes 2 runs two nodes on a Redis behind one address: kill one, and nothing gets lost
cargo xtask test [--fast] [--all] [--only NAME]… [--list]
    installs what the tests need and runs them; --fast leaves out what needs a browser; --all adds
    what takes long: the packages in fresh applications of every framework, from the npm registry;
    --only runs the named checks, --list names them
cargo xtask chaos [--minutes 5] [--seed N] [--topology standalone|sentinel|cluster] [--only KIND] [--report FOLDER]
    kills and parts real nodes and a real Redis under load, and judges what everybody saw;
    the same seed plans the same faults; the report is target/chaos/report.html
cargo xtask npm
    builds the npm packages and packs them into target/npm
cargo xtask reference
    writes the reference of every public name, TypeScript's and Rust's, from the sources
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("xtask: {trouble:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> anyhow::Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let name = match arguments.next()? {
        Some(Arg::Value(name)) => name,
        Some(Arg::Short('h') | Arg::Long("help")) | None => {
            print!("{USAGE}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    let repository = Repository::find()?;
    match name.to_str() {
        Some("demo") => demo::demo(&repository, demo::Options::parse(arguments)?),
        Some("chaos") => chaos::chaos(&repository, arguments),
        Some("npm") => alone(arguments).and_then(|()| npm::npm(&repository)),
        Some("reference") => alone(arguments).and_then(|()| reference::reference(&repository)),
        Some("test") => test::test(&repository, test::Options::parse(arguments)?),
        Some(_) | None => bail!("there is no command {name:?}\n\n{USAGE}"),
    }
}

/// A command that takes no words.
fn alone(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    arguments.next()?.map_or(Ok(()), |argument| Err(argument.unexpected().into()))
}
