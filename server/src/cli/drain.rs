mod admin_api;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Failure, say};
use crate::Stage;
use crate::api::{Leaving, Standing};
use crate::auth::Secret;
use admin_api::{AdminApi, parse_url};

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(250);
/// Between two lines that say so.
const WORD: Duration = Duration::from_secs(2);

/// Exits with 0 when no connection is left, with 1 where that cannot be known, with 2 where the arguments or the
/// key are wrong.
#[derive(Debug, Args)]
pub(super) struct Drain {
    /// Where the node listens
    #[arg(
        long,
        value_name = "URL",
        env = "TIDEWIRE_URL",
        default_value = "http://127.0.0.1:7800",
        value_parser = parse_url
    )]
    url: AdminApi,
    /// The file with an API key that has `admin = true`; or else the variable TIDEWIRE_ADMIN_KEY has the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Drain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = self.key()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("no runtime: {error}")))?;
        runtime.block_on(drain(&self.url, key.as_ref()))
    }

    /// A key on the command line would be seen by everybody on the machine.
    fn key(&self) -> Result<Option<Secret>, Failure> {
        let Some(path) = &self.key_file else {
            return Ok(std::env::var("TIDEWIRE_ADMIN_KEY").ok().map(Secret::new));
        };
        match std::fs::read_to_string(path) {
            Ok(key) => Ok(Some(Secret::new(key.trim()))),
            Err(error) => Err(Failure::wrong(format!("error: {} cannot be read: {error}", path.display()))),
        }
    }
}

async fn drain(api: &AdminApi, key: Option<&Secret>) -> Result<(), Failure> {
    let began = Instant::now();
    let answer = api.ask("POST", "/v1/admin/drain", key).await?;
    match answer.status {
        202 => {
            let Leaving { node, connections, within_ms, spread_ms } = answer.read()?;
            let [within, spread] = [within_ms, spread_ms].map(Duration::from_millis);
            say(&format!(
                "{node} is draining: {connections} connections move over {spread:?}, who is left is closed after {within:?}"
            ));
        }
        409 => say(&answer.reason()),
        401 | 403 => {
            let advice = "use an API key with `admin = true`, by --key-file or TIDEWIRE_ADMIN_KEY";
            return Err(Failure::wrong(format!("error: {}; {advice}", answer.reason())));
        }
        status => return Err(Failure::failed(format!("{api} answers {status}: {}", answer.reason()))),
    }
    let mut said: Option<(usize, Instant)> = None;
    loop {
        let Standing { node, stage, connections } = match api.ask("GET", "/v1/admin/node", key).await {
            Ok(answer) if answer.status == 200 => answer.read()?,
            Ok(answer) => return Err(Failure::failed(format!("{api}: {}", answer.reason()))),
            Err(Failure { message, code }) => {
                let message = format!(
                    "{message}\nIf the node was stopped meanwhile, all its connections are gone with it."
                );
                return Err(Failure { message, code });
            }
        };
        if stage == Stage::Drained {
            say(&format!(
                "{node} is drained after {:.1?}: no connections, and it takes none",
                began.elapsed()
            ));
            return Ok(());
        }
        if said.is_none_or(|(before, at)| before != connections && at.elapsed() >= WORD) {
            say(&format!("  {connections} left"));
            said = Some((connections, Instant::now()));
        }
        tokio::time::sleep(LOOK).await;
    }
}
