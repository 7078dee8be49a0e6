//! The commands of the binary `tidewire`.

mod check_config;
mod codegen;
mod drain;
mod serve;
mod token;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{BadConfig, Config};

/// A realtime server that loses nothing in silence.
#[derive(Debug, Parser)]
#[command(name = "tidewire", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server
    Serve(serve::Serve),
    /// Move all clients of a running node to other nodes, and wait until they have left
    Drain(drain::Drain),
    /// Make a token for a user, signed with a key of the configuration
    Token(token::Token),
    /// Say what is wrong in a configuration file, and what would be right
    CheckConfig(check_config::CheckConfig),
    /// Write TypeScript channel definitions from the schemas that a configuration names
    Codegen(codegen::Codegen),
}

/// Runs the command that the arguments name; 0 where all went well, 1 where something failed, 2 where the
/// arguments or the configuration are wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(message) => {
            // Standard output or error may be closed; there is nobody left to tell.
            let _ = message.print();
            return ExitCode::from(u8::from(message.use_stderr()) * 2);
        }
    };
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Drain(drain) => drain.run(),
        Command::Token(token) => token.run(),
        Command::CheckConfig(check) => check.run(),
        Command::Codegen(codegen) => codegen.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::from(code)
        }
    }
}

/// What a command tells its user before it gives up.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something that should have worked did not.
    fn failed(message: impl Into<String>) -> Self {
        Self { message: format!("error: {}", message.into()), code: 1 }
    }

    /// What the user gave cannot be used.
    fn wrong(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }
}

/// Says what the command was called for. A reader that has gone away is no reason to stop serving.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    Config::read(path).map_err(|error| match error {
        BadConfig::Unreadable { .. } => Failure::wrong(format!("error: {error}")),
        BadConfig::Mistakes(mistakes) => {
            let count = mistakes.list.len();
            let them = if count == 1 { "1 mistake".to_owned() } else { format!("{count} mistakes") };
            Failure::wrong(format!("{mistakes}\n\n{} has {them}", path.display()))
        }
    })
}
