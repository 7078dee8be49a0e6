//! Log lines on standard error: never a token, a key or a payload.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Sends the process's log lines to standard error; `RUST_LOG` chooses which, `info` and above by default.
pub fn install(format: LogFormat) {
    let chosen = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let filter = chosen.and(filter_fn(is_discreet));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Another subscriber is there already only where an application installed it; then it is the right one.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// Below `info`, the WebSocket library prints every message with its token or payload; no setting lets it.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO
        || !["tungstenite", "tokio_tungstenite"].iter().any(|library| metadata.target().starts_with(library))
}
