mod open_files;
mod running;
mod signals;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{Failure, read_config};
use crate::auth::Mode;
use crate::config::{BackboneAddress, Config, MetricsAt, node_name, parse_address};
use crate::logging;
use running::run;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:7800]
    #[arg(long, value_name = "ADDRESS", env = "TIDEWIRE_LISTEN", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    /// How nodes share channels: memory, redis://HOST:PORT, redis+sentinel://HOST:PORT,…/NAME or
    /// redis+cluster://HOST:PORT,… [default: memory]
    #[arg(long, value_name = "BACKBONE", env = "TIDEWIRE_BACKBONE", hide_env_values = true)]
    backbone: Option<BackboneAddress>,
    /// Let anonymous clients of this machine do everything, for development
    #[arg(long)]
    dev: bool,
    /// The configuration, see docs/configuration.md
    #[arg(long, value_name = "FILE", env = "TIDEWIRE_CONFIG")]
    config: Option<PathBuf>,
    /// Serve the files of this directory beside the server
    #[arg(long, value_name = "DIR")]
    serve_dir: Option<PathBuf>,
    /// This node's name, for logs; by default a random one
    #[arg(long, value_name = "NAME", env = "TIDEWIRE_NODE", value_parser = node_name)]
    node: Option<String>,
}

/// All that is decided before anything runs.
struct Plan {
    config: Config,
    /// Where it was read from.
    file: Option<PathBuf>,
    listen: SocketAddr,
    backbone: BackboneAddress,
    metrics: MetricsAt,
    mode: Mode,
    directory: Option<PathBuf>,
    /// How many files the process may open, where that is what bounds its connections.
    open_files: Option<u64>,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut plan = self.plan()?;
        logging::install(plan.config.log);
        plan.open_files = open_files::fit(&mut plan.config.settings.limits);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("no runtime: {error}")))?;
        let done = runtime.block_on(run(plan));
        // What has not ended by now, after a second signal, is not waited for.
        runtime.shutdown_background();
        done
    }

    fn plan(self) -> Result<Plan, Failure> {
        let mut config = match &self.config {
            Some(file) => read_config(file)?,
            None => Config::default(),
        };
        let mode = if self.dev { Mode::Development } else { Mode::Production };
        let metrics = match (config.metrics, mode) {
            (Some(metrics), _) => metrics,
            (None, Mode::Development) => MetricsAt::Main,
            (None, Mode::Production) => MetricsAt::Off,
        };
        if mode == Mode::Development {
            config.open_to_this_machine();
        }
        if let Some(node) = self.node {
            config.settings.node = node;
        }
        if let Some(directory) = self.serve_dir.as_ref().filter(|directory| !directory.is_dir()) {
            return Err(Failure::wrong(format!(
                "error: --serve-dir: there is no directory {}",
                directory.display()
            )));
        }
        Ok(Plan {
            listen: self.listen.or(config.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7800))),
            backbone: self.backbone.or(config.backbone.clone()).unwrap_or(BackboneAddress::Memory),
            metrics,
            mode,
            directory: self.serve_dir,
            file: self.config,
            open_files: None,
            config,
        })
    }
}
