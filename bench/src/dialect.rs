//! How a system is spoken to.

use std::net::SocketAddr;

/// What one connection of the generator is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// Which of the system's nodes it is connected to.
    pub(crate) node: usize,
    /// The channel that it subscribes to, where it does.
    pub(crate) channel: Option<usize>,
    /// Its number among all.
    pub(crate) number: usize,
}

/// What to do at a connection's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// More must come from the server.
    Wait,
    /// Send this, and wait.
    Say(Vec<u8>),
    /// It is what it was to be.
    Live,
}

/// A system's protocol, as far as the generator needs it.
pub(crate) trait Dialect: Send {
    /// The request that begins a connection.
    fn upgrade(&self, host: SocketAddr) -> Vec<u8>;

    /// What to do after the upgrade (`step` 0, nothing heard) and after each message (`step` counts what was said).
    ///
    /// # Errors
    /// What the server said that means no.
    fn greet(&self, role: &Role, step: usize, message: Option<&[u8]>) -> anyhow::Result<Greeting>;

    /// Appends what publishes `payload` in a channel; `seq` is the publisher's counter in that channel, from 1.
    fn publish(&self, channel: usize, seq: u64, payload: &[u8], bytes: &mut Vec<u8>);

    /// What a publisher's message from the server refuses; a system that answers nothing refuses nothing.
    ///
    /// # Errors
    /// It cannot be read.
    fn refusals(&self, _message: &[u8]) -> anyhow::Result<Vec<String>> {
        Ok(Vec::new())
    }
}
