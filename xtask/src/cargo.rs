use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::program::{printed_by, run_quietly};
use crate::repository::Repository;
use crate::say::say;

pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Cargo, in this clone and with this target folder.
///
/// What the outer `cargo run` put into the environment is taken out again: build scripts watch some of it, and
/// would run anew each time.
pub(crate) fn cargo(repository: &Repository) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME" {
            command.env_remove(&*name);
        }
    }
    command.current_dir(repository.root()).env("CARGO_TARGET_DIR", repository.target(""));
    command
}

/// Builds one package's programs, without a word unless it fails.
pub(crate) fn build(repository: &Repository, package: &str) -> anyhow::Result<()> {
    let mut command = cargo(repository);
    command.args(["build", "--package", package, "--bins"]);
    run_quietly(command)
}

/// Everything in the workspace, for `cargo`'s words after `build`. Where all of it is needed in the end, asking for
/// all at once compiles each dependency once: package by package, each asks for features of its own.
pub(crate) const ALL: [&str; 3] = ["--workspace", "--all-targets", "--locked"];

/// Builds the programs and tests of all packages, without a word unless it fails.
pub(crate) fn build_all(repository: &Repository) -> anyhow::Result<()> {
    let mut command = cargo(repository);
    command.arg("build").args(ALL);
    run_quietly(command)
}

/// Builds the browser client; the module is not yet ready for browsers, its glue is missing.
pub(crate) fn build_wasm(repository: &Repository) -> anyhow::Result<PathBuf> {
    bring_wasm_target(repository)?;
    let mut command = cargo(repository);
    command.args(["build", "--package", "tidewire-wasm", "--profile", "wasm", "--target", WASM]);
    // Loops that are made faster by more variables are longer, and so is a copy made of loads and stores.
    let smaller = ["disable-lsr", "max-store-memcpy=1", "max-store-memmove=1", "max-store-memset=1"];
    let mut flags: Vec<_> = smaller.iter().map(|flag| format!("-Cllvm-args=-{flag}")).collect();
    if let Some(home) = home() {
        // What is published names no folder of the machine that built it, and is the same wherever it was built.
        let sources = home.join("registry").join("src");
        flags.push(format!("--remap-path-prefix={}=crates", sources.display()));
    }
    command.arg("--config").arg(format!("target.{WASM}.rustflags=['{}']", flags.join("', '")));
    run_quietly(command)?;
    Ok(repository.target(WASM).join("wasm").join("tidewire_wasm.wasm"))
}

/// Where cargo keeps what it downloads.
fn home() -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    cargo.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// Sees to it that the compiler can make WebAssembly.
pub(crate) fn bring_wasm_target(repository: &Repository) -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(repository.root()).args(["--print", "target-libdir", "--target", WASM]);
    if printed_by(rustc).is_some_and(|folder| PathBuf::from(folder).is_dir()) {
        return Ok(());
    }
    say(&format!("installing Rust's target {WASM}"));
    let mut rustup = Command::new("rustup");
    rustup.current_dir(repository.root()).args(["target", "add", WASM]);
    run_quietly(rustup).with_context(|| format!("this needs Rust's target {WASM}: rustup target add {WASM}"))
}
