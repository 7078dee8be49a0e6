use std::path::PathBuf;

use clap::Args;

use super::{Failure, read_config, say};
use crate::codegen::typescript;

#[derive(Debug, Args)]
pub(super) struct Codegen {
    /// The configuration whose namespaces name schemas
    #[arg(long, value_name = "FILE", default_value = "tidewire.toml")]
    config: PathBuf,
    /// Where to write; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write nothing, and fail where the file is not what would be written: for CI
    #[arg(long, requires = "out")]
    check: bool,
}

impl Codegen {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = read_config(&self.config)?;
        let file = self.config.display();
        let text = typescript(&config.settings.namespaces)
            .map_err(|error| Failure::wrong(format!("error: {file}: {error}")))?
            .ok_or_else(|| {
                Failure::wrong(format!(
                    "error: no namespace of {file} names a schema: add schema = \"chat.schema.json\" to one"
                ))
            })?;
        let Some(out) = &self.out else {
            say(text.trim_end());
            return Ok(());
        };
        if self.check {
            return match std::fs::read_to_string(out).is_ok_and(|old| old == text) {
                true => Ok(()),
                false => Err(Failure::failed(format!(
                    "{} is not what the schemas say now: run tidewire codegen --config {file} --out {}",
                    out.display(),
                    out.display()
                ))),
            };
        }
        std::fs::write(out, text)
            .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", out.display())))?;
        say(&format!("{} is written", out.display()));
        Ok(())
    }
}
