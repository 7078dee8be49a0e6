use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::ensure;

use super::process::{Process, free_address};
use super::{Nodes, Running, System};
use crate::dialect::{Dialect, Greeting, Role};
use crate::websocket::{self, Kind, client_text};

/// The server that only writes; what the kernel allows one thread.
pub(crate) struct Limit;

impl System for Limit {
    fn name(&self) -> &'static str {
        "limit"
    }

    /// One node, whatever is wished: it is what the others are compared with.
    fn start(&self, _nodes: Nodes) -> anyhow::Result<Running> {
        let address = free_address(Ipv4Addr::LOCALHOST)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["limit-server", &address.to_string()]);
        Ok(Running {
            nodes: vec![(Process::listening(&mut command, address)?, address)],
            redis: None,
            dialect: Box::new(|| Box::new(Spoken)),
            _folder: None,
        })
    }
}

struct Spoken;

impl Dialect for Spoken {
    fn upgrade(&self, host: SocketAddr) -> Vec<u8> {
        websocket::upgrade(host, "/", None)
    }

    fn greet(&self, role: &Role, step: usize, message: Option<&[u8]>) -> anyhow::Result<Greeting> {
        match (step, role.channel) {
            (0, Some(channel)) => Ok(Greeting::Say(client_text(&format!("S{channel}")))),
            (0, None) => Ok(Greeting::Live),
            _ => {
                ensure!(message.is_none_or(|message| message == b"L"), "the limit server did not say L");
                Ok(if message.is_some() { Greeting::Live } else { Greeting::Wait })
            }
        }
    }

    fn publish(&self, channel: usize, _seq: u64, payload: &[u8], bytes: &mut Vec<u8>) {
        let mut message = format!("P{channel}:").into_bytes();
        message.extend_from_slice(payload);
        websocket::client_message(Kind::Text, &message, bytes);
    }
}
