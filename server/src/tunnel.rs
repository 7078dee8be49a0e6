//! Connections without a WebSocket: what it would carry goes over plain HTTP requests, for clients behind proxies that
//! let no WebSocket pass. Bytes are RFC 6455's, both ways, so that everything else is as with a WebSocket.

mod down;
mod forwarding;
mod id;
mod letter;
mod tunnels;
mod up;

use std::time::Duration;

use bytes::Bytes;

pub(crate) use down::Down;
pub(crate) use forwarding::{NODES, answer, down, ready, up};
pub(crate) use id::{NodeKey, TunnelId};
pub(crate) use tunnels::{Registered, Tunnels};
pub(crate) use up::{UP_BYTES, Up};

/// One connection's two ways, as its requests see them.
pub(crate) struct Tunnel {
    pub(crate) up: Up,
    pub(crate) down: Down,
}

/// What becomes of a request for a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The connection has it, or had it already.
    Taken,
    /// What the connection says next; nothing, where it had nothing to say for so long.
    Says(Bytes),
    /// There is no such connection any more.
    Gone,
    /// Something before it is missing, or a later request has taken its place.
    OutOfStep,
    /// The node that has the connection cannot be asked now.
    Unreachable,
}

/// How long a request that came by way of another node waits for something to be said: that one must not take this one
/// for dead.
const AWAY: Duration = Duration::from_secs(5);
