//! The binary `tidewire`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidewire_server::cli::run(std::env::args_os())
}
