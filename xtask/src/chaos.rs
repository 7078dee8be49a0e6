//! `cargo xtask chaos`: faults at random under load, for as long as one likes.

use lexopt::Parser;

use crate::cargo::cargo;
use crate::program::run;
use crate::repository::Repository;
use crate::system::{self, Package};

/// Brings a Redis, and leaves the words after `chaos` to the program that does it.
pub(crate) fn chaos(repository: &Repository, mut arguments: Parser) -> anyhow::Result<()> {
    system::bring(&[Package::Redis])?;
    let mut chaos = cargo(repository);
    let program = ["--package", "tidewire-cluster-tests", "--bin", "chaos"];
    // Optimised: what the load costs must not be taken for what the nodes cost.
    chaos.args(["run", "--quiet", "--locked", "--release"]).args(program).arg("--");
    chaos.arg("--report").arg(repository.target("chaos")).args(arguments.raw_args()?);
    run(chaos)
}
