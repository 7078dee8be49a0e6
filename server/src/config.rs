//! The configuration file `tidewire.toml`, read with every mistake found at its place.

mod backbone_address;
mod keys;
mod limits;
mod mistake;
mod namespaces;
mod quantity;
mod reader;
mod redis;
mod section;
mod sources;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tidewire_backbone::{RedisAddress, RedisAddresses, RedisTls, Retention};

pub use backbone_address::{BackboneAddress, BadBackboneAddress};
pub use mistake::{Mistake, Mistakes};
pub use quantity::{BadQuantity, parse_duration};

use crate::auth::{ApiKey, TokenKeys};
use crate::origin::{LocalPages, Origins, WithoutOrigin, parse_origin};
use crate::{Access, Drain, NamespaceSettings, Namespaces, Settings};
use reader::Reader;
use section::Section;
use sources::Sources;

/// All that `tidewire.toml` says, checked. `docs/configuration.md` describes its keys.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// How nodes share logs.
    pub backbone: Option<BackboneAddress>,
    /// How encrypted links to Redis are made.
    pub redis: RedisTls,
    /// What begins every name in Redis.
    pub redis_prefix: Option<String>,
    /// Node, limits, namespaces.
    pub settings: Settings,
    /// Which web pages may connect.
    pub origins: Origins,
    /// What tokens are checked with.
    pub keys: TokenKeys,
    /// Who may use the HTTP API.
    pub api_keys: Vec<ApiKey>,
    /// Where `/metrics` is.
    pub metrics: Option<MetricsAt>,
    /// How log lines look.
    pub log: LogFormat,
}

/// Where `/metrics` is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAt {
    /// Beside everything else, for everybody who reaches the server.
    Main,
    /// On an address of its own.
    Own(SocketAddr),
    /// Nowhere.
    Off,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// The file cannot be read.
    #[error("{file} cannot be read: {error}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file can be read, but not be used.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: None,
            backbone: None,
            redis: RedisTls::default(),
            redis_prefix: None,
            settings: Settings::default(),
            origins: Origins::default(),
            keys: TokenKeys::default(),
            api_keys: Vec::new(),
            metrics: None,
            log: LogFormat::Text,
        }
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Where it cannot be read, or with everything that is wrong in it.
    pub fn read(path: &Path) -> Result<Self, BadConfig> {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return Err(BadConfig::Unreadable { file, error }),
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        Ok(Self::parse(&text, &file, directory, &|name| std::env::var(name).ok())?)
    }

    /// Reads a configuration: `file` is its name for mistakes, `directory` where relative file names start.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(
        text: &str,
        file: &str,
        directory: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Mistakes> {
        let sources = Sources { directory, environment };
        Reader::new(text).read(file, |root| Some(Self::from_root(root, &sources)))
    }

    /// Makes every namespace exist, and lets pages of this machine connect, as
    /// [`Mode::Development`](crate::auth::Mode) wants it. Nobody is granted anything by that.
    pub fn open_to_this_machine(&mut self) {
        self.origins.local = LocalPages::Allow;
        self.settings.namespaces.others = Some(NamespaceSettings {
            presence: true,
            subscribe: Access::Granted,
            publish: Access::Granted,
            ..NamespaceSettings::default()
        });
    }

    fn from_root(root: &mut Section<'_, '_>, sources: &Sources<'_>) -> Self {
        let mut config = Self::default();
        root.section("server", |server| config.read_server(server));
        if let Some(limits) = root.section("limits", limits::limits) {
            config.settings.limits = limits;
        }
        if let Some(origins) = root.section("origins", origins) {
            config.origins = origins;
        }
        root.section("redis", |redis| {
            config.redis_prefix = redis.parsed("prefix", redis::prefix, "\"staging:\"");
            config.redis = redis::tls(redis, sources);
        });
        root.section("metrics", |metrics| {
            config.metrics = metrics.parsed("listen", metrics_at, "\"127.0.0.1:9464\"")
        });
        root.section("log", |log| {
            let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
            config.log = log.choice("format", &formats).unwrap_or_default();
        });
        config.keys = TokenKeys::new(root.sections("keys", |section| keys::token_key(section, sources)));
        config.api_keys = root.sections("api_keys", |section| keys::api_key(section, sources));
        complain_of_twins(root, &config.api_keys);
        config.settings.namespaces = namespaces(root, &config.settings, sources);
        config.settings.dedup = shortest_dedup(&config.settings);
        config
    }

    fn read_server(&mut self, server: &mut Section<'_, '_>) {
        self.listen = server.parsed("listen", parse_address, "\"0.0.0.0:7800\"");
        self.backbone = backbone(server);
        let seconds = |from, to| Duration::from_secs(from)..=Duration::from_secs(to);
        if let Some(within) = server.duration("drain", seconds(0, 3600)) {
            self.settings.drain = Drain { within, spread: within / 2 };
        }
        let settings = &mut self.settings;
        if let Some(node) = server.parsed("node", node_name, "\"eu-1\"") {
            settings.node = node;
        }
        settings.heartbeat = server.duration("heartbeat", seconds(1, 3600)).unwrap_or(settings.heartbeat);
        settings.reconnect_spread =
            server.duration("reconnect_spread", seconds(0, 600)).unwrap_or(settings.reconnect_spread);
        settings.connection_age =
            server.duration("connection_age", seconds(60, 30 * 24 * 3600)).or(settings.connection_age);
        settings.settle = server.duration("settle", seconds(0, 3600)).unwrap_or(settings.settle);
        settings.token_grace =
            server.duration("token_grace", seconds(0, 600)).unwrap_or(settings.token_grace);
        settings.presence_lease =
            server.duration("presence_lease", seconds(1, 600)).unwrap_or(settings.presence_lease);
        settings.linger = server.duration("linger", seconds(0, 3600)).unwrap_or(settings.linger);
        settings.backbone_patience = server
            .duration("backbone_patience", Duration::from_millis(100)..=Duration::from_secs(60))
            .unwrap_or(settings.backbone_patience);
    }
}

/// One address, or a list of independent Redises.
fn backbone(server: &mut Section<'_, '_>) -> Option<BackboneAddress> {
    const EXAMPLE: &str = "\"redis://127.0.0.1:6379\"";
    if !server.has_list("backbone") {
        return server.parsed("backbone", str::parse::<BackboneAddress>, EXAMPLE);
    }
    let shards = server.list("backbone", str::parse::<RedisAddress>, EXAMPLE);
    match RedisAddresses::new(shards) {
        Ok(addresses) => Some(BackboneAddress::Redis(addresses)),
        Err(error) => {
            let message = format!("`server.backbone`: {error}");
            server.reader().wrong(server.span_of("backbone"), message, format!("for example [{EXAMPLE}]"));
            None
        }
    }
}

/// Reads an address to listen on; `localhost` is this machine's IPv4 loopback.
///
/// # Errors
/// With what would be right, for people.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = port.map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    local.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!("{text:?} is no address with a port; 127.0.0.1:7800 is for this machine alone, 0.0.0.0:7800 for all")
    })
}

/// Checks a node's name: 1 to 64 letters, digits, `-`, `_`, `.`.
///
/// # Errors
/// With what is wrong, for people.
pub fn node_name(text: &str) -> Result<String, &'static str> {
    let fits = (1..=64).contains(&text.len());
    match fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        true => Ok(text.to_owned()),
        false => Err("a node's name has 1 to 64 letters, digits, -, _ and ."),
    }
}

fn origins(section: &mut Section<'_, '_>) -> Origins {
    let without = [("allow", WithoutOrigin::Allow), ("refuse", WithoutOrigin::Refuse)];
    Origins {
        allow: section.list("allow", parse_origin, "\"https://example.org\", \"http://localhost:4200\""),
        without: section.choice("without", &without).unwrap_or_default(),
        local: LocalPages::Refuse,
    }
}

fn metrics_at(text: &str) -> Result<MetricsAt, String> {
    match text {
        "main" => Ok(MetricsAt::Main),
        "off" => Ok(MetricsAt::Off),
        address => address
            .parse()
            .map(MetricsAt::Own)
            .map_err(|_| format!("{address:?} is neither \"main\" nor \"off\" nor an address with a port")),
    }
}

fn namespaces(root: &mut Section<'_, '_>, settings: &Settings, sources: &Sources<'_>) -> Namespaces {
    let named = root.named_sections("namespaces", |name, section| {
        namespaces::namespace(&name, section, settings, sources)
    });
    Namespaces { named: named.into_iter().collect(), others: None }
}

/// Clients are told one time for all namespaces: the shortest, after which no publisher may count on being known.
fn shortest_dedup(settings: &Settings) -> Duration {
    let dedups = settings.namespaces.named.values().filter_map(|namespace| match namespace.retention {
        Retention::Log { dedup, .. } => Some(dedup),
        Retention::None => None,
    });
    dedups.chain([settings.dedup]).min().unwrap_or_default()
}

/// Two API keys of one name would share their idempotency keys.
fn complain_of_twins(root: &Section<'_, '_>, api_keys: &[ApiKey]) {
    for (index, key) in api_keys.iter().enumerate() {
        if api_keys[..index].iter().any(|other| other.name == key.name) {
            let message = format!("two API keys have the name {:?}", key.name);
            root.reader().wrong(root.span_of("api_keys"), message, "give each a name of its own");
        }
    }
}
