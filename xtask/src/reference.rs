//! `cargo xtask reference`: what every public name is, from the sources.

use std::process::Command;

use crate::node::Node;
use crate::program::run_quietly;
use crate::repository::Repository;
use crate::say::{say, timed};
use crate::{cargo, npm};

pub(crate) fn reference(repository: &Repository) -> anyhow::Result<()> {
    let node = npm::build(repository, || npm::bindgen(repository))?;
    let pages = repository.target("reference");
    let mut typedoc = typedoc(repository, &node);
    typedoc.arg("--out").arg(&pages);
    timed("reference of the npm packages written", || run_quietly(typedoc))?;
    timed("reference of the crates written", || run_quietly(rustdoc(repository)))?;
    say(&format!("TypeScript: {}", pages.join("index.html").display()));
    say(&format!("Rust:       {}", repository.target("doc/tidewire_server/index.html").display()));
    Ok(())
}

/// That of the npm packages; they must be built.
pub(crate) fn typedoc(repository: &Repository, node: &Node) -> Command {
    let mut typedoc = node.command(repository, "node");
    typedoc.arg(repository.path("node_modules/typedoc/bin/typedoc")).args(["--logLevel", "Warn"]);
    typedoc
}

/// That of the crates.
pub(crate) fn rustdoc(repository: &Repository) -> Command {
    let mut doc = cargo::cargo(repository);
    doc.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    doc
}
