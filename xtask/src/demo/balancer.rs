use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

/// One address for several nodes: hands each connection to the next node that takes it, as a load balancer does.
#[derive(Debug)]
pub(super) struct Balancer {
    nodes: Vec<SocketAddr>,
    next: AtomicUsize,
}

impl Balancer {
    /// Listens there, until the program ends.
    pub(super) fn listen(address: SocketAddr, nodes: Vec<SocketAddr>) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let balancer = Arc::new(Self { nodes, next: AtomicUsize::new(0) });
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let balancer = Arc::clone(&balancer);
                thread::spawn(move || balancer.serve(client));
            }
        });
        Ok(())
    }

    fn serve(&self, client: TcpStream) {
        // A connection that no node takes is closed; the client comes back by itself.
        let Some(node) = self.connect() else { return };
        let _ = join(client, node);
    }

    fn connect(&self) -> Option<TcpStream> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..self.nodes.len()).find_map(|step| {
            let node = self.nodes[(first + step) % self.nodes.len()];
            TcpStream::connect_timeout(&node, Duration::from_secs(1)).ok()
        })
    }
}

/// Copies both ways until both sides are done. A node's death must reach the client at once, so either end's close
/// closes the other.
fn join(client: TcpStream, node: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    node.set_nodelay(true)?;
    let (mut from_client, mut to_node) = (client.try_clone()?, node.try_clone()?);
    let upward = thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_node);
        let _ = to_node.shutdown(Shutdown::Write);
    });
    let (mut from_node, mut to_client) = (node, client);
    let _ = io::copy(&mut from_node, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = upward.join();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn a_connection_goes_to_the_node_that_lives() {
        let living = TcpListener::bind("127.0.0.1:0").unwrap();
        let node = living.local_addr().unwrap();
        thread::spawn(move || {
            for mut client in living.incoming().flatten() {
                let mut asked = [0; 4];
                client.read_exact(&mut asked).unwrap();
                client.write_all(&asked).unwrap();
            }
        });
        let dead = unused();
        let balancer = unused();
        Balancer::listen(balancer, vec![dead, node]).unwrap();
        for _ in 0..2 {
            let mut client = TcpStream::connect(balancer).unwrap();
            client.write_all(b"echo").unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, b"echo");
        }
    }

    fn unused() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }
}
