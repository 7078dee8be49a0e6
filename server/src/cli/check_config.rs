use std::path::PathBuf;

use clap::Args;

use super::{Failure, read_config, say};
use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    /// The configuration, usually tidewire.toml
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = read_config(&self.file)?;
        say(&format!("{} is good: {}", self.file.display(), summary(&config)));
        Ok(())
    }
}

/// What a configuration holds, in a few words.
pub(super) fn summary(config: &Config) -> String {
    let namespaces = config.settings.namespaces.named.len();
    let keys = config.keys.iter().count();
    let counted = |count: usize, what: &str| match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let admins = match config.api_keys.iter().filter(|key| key.admin).count() {
        0 => String::new(),
        count => format!(" ({count} admin)"),
    };
    let parts = [
        counted(namespaces, "namespace"),
        counted(keys, "token key"),
        counted(config.api_keys.len(), "API key") + &admins,
        counted(config.origins.allow.len(), "allowed origin"),
    ];
    parts.join(", ")
}
