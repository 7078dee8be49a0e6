use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, ensure};

use super::process::{Process, free_address};
use super::redis::Redis;
use super::{Nodes, Running, System};
use crate::dialect::{Dialect, Greeting, Role};
use crate::websocket::{self, Kind, client_text};

/// Socket.IO on `ws`, with its Redis adapter where there are several nodes. It keeps no log.
pub(crate) struct SocketIo;

impl System for SocketIo {
    fn name(&self) -> &'static str {
        "socket.io"
    }

    fn start(&self, nodes: Nodes) -> anyhow::Result<Running> {
        let folder = installed()?;
        let (count, redis) = match nodes {
            Nodes::One => (1, None),
            Nodes::OverRedis(count) => (count, Some(Redis::start()?)),
        };
        let mut started = Vec::new();
        for _ in 0..count {
            let address = free_address(Ipv4Addr::LOCALHOST)?;
            let mut command = Command::new("node");
            command.arg(folder.join("server.js")).arg(address.port().to_string());
            command.args(redis.as_ref().map(Redis::url)).env("NODE_ENV", "production");
            started.push((Process::listening(&mut command, address)?, address));
        }
        Ok(Running { nodes: started, redis, dialect: Box::new(|| Box::new(Spoken)), _folder: None })
    }
}

/// Engine.IO 4 and Socket.IO 5 over a WebSocket: `0` open, `40` connect, `42` event.
struct Spoken;

impl Dialect for Spoken {
    fn upgrade(&self, host: SocketAddr) -> Vec<u8> {
        websocket::upgrade(host, "/socket.io/?EIO=4&transport=websocket", None)
    }

    fn greet(&self, role: &Role, step: usize, message: Option<&[u8]>) -> anyhow::Result<Greeting> {
        let Some(message) = message else { return Ok(Greeting::Wait) };
        Ok(match (step, message) {
            (0, [b'0', ..]) => Greeting::Say(client_text("40")),
            (1, [b'4', b'0', ..]) => match role.channel {
                Some(channel) => Greeting::Say(client_text(&format!("420[\"join\",{channel}]"))),
                None => Greeting::Live,
            },
            (2, [b'4', b'3', ..]) => Greeting::Live,
            _ => Greeting::Wait,
        })
    }

    fn publish(&self, channel: usize, _seq: u64, payload: &[u8], bytes: &mut Vec<u8>) {
        let mut message = format!("42[\"publish\",{channel},").into_bytes();
        message.extend_from_slice(payload);
        message.push(b']');
        websocket::client_message(Kind::Text, &message, bytes);
    }
}

/// Installs the peer from npm once, and says where it is.
fn installed() -> anyhow::Result<&'static PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let install = || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/socket-io");
        if !folder.join("node_modules/socket.io").exists() {
            let status = Command::new("npm")
                .args(["ci", "--silent", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .status()
                .context("Socket.IO needs Node and npm on PATH")?;
            ensure!(status.success(), "npm ci in bench/peers/socket-io");
        }
        Ok(folder)
    };
    FOLDER
        .get_or_init(|| install().map_err(|error: anyhow::Error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))
}
