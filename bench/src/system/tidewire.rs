use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context, bail, ensure};
use tidewire_protocol::{
    ChannelName, ClientFrame, Codec, Heard, Hello, MessageLimits, Payload, Position, Publish, PublisherId,
    RequestId, ServerFrame, Subscribe,
};

use super::process::{Process, free_address};
use super::redis::Redis;
use super::{Nodes, Running, System};
use crate::dialect::{Dialect, Greeting, Role};
use crate::websocket::{self, Kind};

/// Tidewire as users run it: logs, de-duplication and tags are on, limits too, if some are wider.
pub(crate) struct Tidewire {
    /// Whether connections show a token.
    pub(crate) tokens: bool,
}

impl System for Tidewire {
    fn name(&self) -> &'static str {
        "tidewire"
    }

    fn start(&self, nodes: Nodes) -> anyhow::Result<Running> {
        let (count, redis) = match nodes {
            Nodes::One => (1, None),
            Nodes::OverRedis(count) => (count, Some(Redis::start()?)),
        };
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("tidewire.toml");
        std::fs::write(&config, CONFIG)?;
        let backbone = redis.as_ref().map_or("memory", Redis::url);
        let mut started = Vec::new();
        for nth in 0..count {
            // Many nodes have more connections than one address has ports.
            let host = Ipv4Addr::new(127, 0, 1, u8::try_from(nth + 1).context("at most 255 nodes")?);
            let address = free_address(host)?;
            let mut command = Command::new(binary()?);
            command.args(["serve", "--listen", &address.to_string(), "--backbone", backbone, "--config"]);
            command.arg(&config).env("RUST_LOG", "warn");
            started.push((Process::listening(&mut command, address)?, address));
        }
        let token = if self.tokens { Some(token(&config)?) } else { None };
        let positions = Arc::new(Mutex::default());
        Ok(Running {
            nodes: started,
            redis,
            dialect: Box::new(move || {
                Box::new(Spoken { token: token.clone(), positions: positions.clone() })
            }),
            _folder: Some(folder),
        })
    }
}

/// The protocol of our SDK.
pub(crate) struct Spoken {
    token: Option<String>,
    /// Where each channel was when its first subscriber came: whoever comes later asks for what followed.
    positions: Arc<Mutex<HashMap<usize, Position>>>,
}

impl Spoken {
    /// The protocol, without a token.
    pub(crate) fn plain() -> Self {
        Self { token: None, positions: Arc::default() }
    }
}

impl Dialect for Spoken {
    fn upgrade(&self, host: SocketAddr) -> Vec<u8> {
        websocket::upgrade(host, "/v1/connect", Some(Codec::Binary.subprotocol()))
    }

    fn greet(&self, role: &Role, step: usize, message: Option<&[u8]>) -> anyhow::Result<Greeting> {
        if step == 0 {
            return Ok(Greeting::Say(self.hello(role)));
        }
        let Some(message) = message else { return Ok(Greeting::Wait) };
        let frames = Codec::Binary.decode::<ServerFrame>(message, MessageLimits::NONE)?;
        for frame in frames {
            match (frame, role.channel) {
                (Heard::Frame(ServerFrame::Welcome(_)), None) => return Ok(Greeting::Live),
                (Heard::Frame(ServerFrame::Subscribed(subscribed)), Some(channel)) => {
                    ensure!(subscribed.reset.is_none(), "{channel} was reset: {:?}", subscribed.reset);
                    let reached = subscribed.replay.last().map(|last| last.position).or(subscribed.from);
                    ensure!(reached == Some(subscribed.position), "a replay did not reach the tip");
                    self.positions().entry(channel).or_insert(subscribed.position);
                    return Ok(Greeting::Live);
                }
                (Heard::Frame(ServerFrame::Refused(refused)), _) => bail!("refused: {refused:?}"),
                _ => {}
            }
        }
        Ok(Greeting::Wait)
    }

    fn publish(&self, channel: usize, seq: u64, payload: &[u8], bytes: &mut Vec<u8>) {
        let frame = ClientFrame::Publish(Publish {
            id: RequestId(u32::try_from(seq % 1_000_000).unwrap_or_default() + 1),
            channel: name(channel),
            seq,
            payload: Payload::Json(payload.to_vec().into()),
            force: false,
            publisher: None,
        });
        say(&[frame], bytes);
    }

    fn refusals(&self, message: &[u8]) -> anyhow::Result<Vec<String>> {
        let frames = Codec::Binary.decode::<ServerFrame>(message, MessageLimits::NONE)?;
        let refused = |heard| match heard {
            Heard::Frame(frame) if matches!(frame, ServerFrame::Refused(_) | ServerFrame::Behind(_)) => {
                Some(format!("{frame:?}"))
            }
            Heard::Frame(_) | Heard::UnknownKind(_) => None,
        };
        Ok(frames.into_iter().filter_map(refused).collect())
    }
}

impl Spoken {
    fn positions(&self) -> MutexGuard<'_, HashMap<usize, Position>> {
        // Nobody panics while they hold it.
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hello(&self, role: &Role) -> Vec<u8> {
        let publisher = role.channel.is_none().then(|| PublisherId(role.number as u64 + 1));
        let mut frames = vec![ClientFrame::Hello(Hello {
            sdk: "bench/0".to_owned(),
            token: self.token.clone(),
            publisher,
            features: Vec::new(),
        })];
        if let Some(channel) = role.channel {
            let since = self.positions().get(&channel).copied().into_iter().collect();
            frames.push(ClientFrame::Subscribe(Subscribe {
                id: RequestId(1),
                channel: name(channel),
                since,
                last: 0,
            }));
        }
        let mut bytes = Vec::new();
        say(&frames, &mut bytes);
        bytes
    }
}

fn say(frames: &[ClientFrame], bytes: &mut Vec<u8>) {
    let mut message = Vec::new();
    for frame in frames {
        Codec::Binary.encode(frame, &mut message);
    }
    websocket::client_message(Kind::Binary, &message, bytes);
}

/// A channel's name by its number.
fn name(channel: usize) -> ChannelName {
    // Letters, a colon and digits are a name.
    format!("bench:{channel}").parse().unwrap_or_else(|_| unreachable!("bench:{channel} is a name"))
}

/// A token that allows everything in the channels of the bench.
fn token(config: &std::path::Path) -> anyhow::Result<String> {
    let mut command = Command::new(binary()?);
    command.arg("token").arg("--config").arg(config);
    command.args(["--sub", "bench", "--subscribe", "bench:*", "--publish", "bench:*", "--expires", "1h"]);
    let output = command.output()?;
    ensure!(output.status.success(), "tidewire token: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Builds the server once, and says where it is.
fn binary() -> anyhow::Result<&'static PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let build = || {
        let build = ["build", "--release", "--quiet", "--package", "tidewire-server", "--bin", "tidewire"];
        // Not the one that built this: cargo tells what it starts which toolchain it is.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(build).current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
        ensure!(built.success(), "cargo {}", build.join(" "));
        // This program is TARGET/PROFILE/NAME, or TARGET/PROFILE/deps/NAME in tests.
        let program = std::env::current_exe()?;
        let target = program
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").exists())
            .context("this program is not in a target folder")?;
        Ok(target.join("release").join(format!("tidewire{}", std::env::consts::EXE_SUFFIX)))
    };
    BINARY
        .get_or_init(|| build().map_err(|error: anyhow::Error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// All publications come over a connection or two, faster than one user would; nobody answers pings here.
const CONFIG: &str = r#"
[server]
heartbeat = "30m"
backbone_patience = "30s"

[limits]
frames_per_second = 1_000_000
bytes_per_second = "1GB"
requests_in_flight = 4096
connections_per_user = 1_000_000

[[keys]]
algorithm = "HS256"
secret = "a secret that only the bench knows, and that is long enough"

[namespaces.bench]
subscribe = "anyone"
publish = "anyone"
"#;
