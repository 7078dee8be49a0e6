use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// Runs a program, letting it write to the terminal; an exit that is no success is an error.
pub(crate) fn run(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(&command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(&command));
    }
    Ok(())
}

/// Runs a program without a word, unless it fails: then what it wrote is part of the error. For work that goes on
/// beside other work, whose lines would mingle.
pub(crate) fn run_quietly(mut command: Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot start {}", line(&command)))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}\n{}{}",
            line(&command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// What a program prints, trimmed; nothing if it is missing or fails.
pub(crate) fn printed_by(mut command: Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first of these programs that is on the PATH, or that exists where a full path is given.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        if Path::new(name).is_absolute() {
            return Some(PathBuf::from(file)).filter(|path| path.is_file());
        }
        folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file())
    })
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
