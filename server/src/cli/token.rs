use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use super::{Failure, read_config, say};
use crate::auth::{Audience, Claims, Grants, Pattern, Secret, TokenKey};
use crate::config::parse_duration;

#[derive(Debug, Args)]
pub(super) struct Token {
    /// The configuration that has the key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The user that the token is for
    #[arg(long, value_name = "USER")]
    sub: String,
    /// Channels to subscribe to and to read, as chat:lobby or 'chat:*'; may be given several times
    #[arg(long, value_name = "PATTERN", value_delimiter = ' ')]
    subscribe: Vec<Pattern>,
    /// Channels to publish in; may be given several times
    #[arg(long, value_name = "PATTERN", value_delimiter = ' ')]
    publish: Vec<Pattern>,
    /// What others see of the user where presence is told, as JSON
    #[arg(long, value_name = "JSON")]
    info: Option<serde_json::Value>,
    /// How long the token is good, as 30m, 1h or 7d
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    expires: Duration,
    /// The key to sign with, by its kid; by default the first that can sign
    #[arg(long, value_name = "KID")]
    kid: Option<String>,
    /// The private half of an RS256, ES256 or EdDSA key, in PEM
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = self.key()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            sub: self.sub,
            exp: now.saturating_add(self.expires).as_secs(),
            nbf: None,
            iss: key.issuer.clone(),
            aud: key.audience.clone().map(Audience::One),
            tidewire: Grants { subscribe: self.subscribe, publish: self.publish, info: self.info },
        };
        let token = key.sign(&claims).map_err(|error| Failure::failed(error.to_string()))?;
        say(&token);
        Ok(())
    }

    fn key(&self) -> Result<TokenKey, Failure> {
        let config = read_config(&self.config)?;
        let file = self.config.display();
        let mut keys = config.keys.iter().filter(|key| self.kid.is_none() || key.kid == self.kid);
        match (&self.private_key, &self.kid) {
            (None, _) => keys.find(|key| key.can_sign()).cloned().ok_or_else(|| {
                Failure::wrong(format!(
                    "error: no key of {file} can sign here: a key of HS256 can, one of RS256, ES256 or EdDSA \
                     needs its private half, --private-key FILE"
                ))
            }),
            (Some(path), _) => {
                let pem = std::fs::read_to_string(path).map(Secret::new).map_err(|error| {
                    Failure::wrong(format!("error: {} cannot be read: {error}", path.display()))
                })?;
                keys.find_map(|key| key.clone().with_private_pem(&pem).ok()).ok_or_else(|| {
                    Failure::wrong(format!(
                        "error: {} is the private half of no key of {file}{}",
                        path.display(),
                        self.kid.as_ref().map(|kid| format!(" with kid {kid:?}")).unwrap_or_default()
                    ))
                })
            }
        }
    }
}
