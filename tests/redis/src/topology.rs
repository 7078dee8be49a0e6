use crate::Server;

/// What all arrangements of servers have in common.
pub trait Topology {
    /// How Tidewire is told of it: the value of `backbone`.
    fn url(&self) -> String;

    /// Every server that holds data, running or not.
    fn servers(&mut self) -> Vec<&mut Server>;

    /// The server that takes a key's writes now.
    ///
    /// # Panics
    /// Where there is none, as during a failover.
    fn primary(&mut self, key: &str) -> &mut Server;

    /// Returns when every server does its part: replicas replicate, everybody knows everybody.
    ///
    /// # Panics
    /// Where that takes too long, as while a server is killed.
    fn wait_until_whole(&self);
}
