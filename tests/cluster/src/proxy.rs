use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A TCP proxy in front of nodes, as a load balancer is: a new connection goes to the first node that takes it.
///
/// It ends when the test's process ends.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    targets: Vec<SocketAddr>,
    links: Vec<(TcpStream, TcpStream)>,
}

impl Proxy {
    /// Forwards to these addresses, the first that answers.
    ///
    /// # Panics
    /// Where there is no free port.
    pub fn to(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listening address");
        let shared = Arc::new(Mutex::new(State { targets, links: Vec::new() }));
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                forward(client, &state);
            }
        });
        Self { address, shared }
    }

    /// The URL of the WebSocket behind the proxy.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/connect", self.address)
    }

    /// New connections go to these addresses from now on.
    ///
    /// # Panics
    /// Where a thread of the proxy panicked.
    pub fn turn_to(&self, targets: Vec<SocketAddr>) {
        self.shared.lock().expect("an unbroken proxy").targets = targets;
    }

    /// Closes all connections.
    ///
    /// # Panics
    /// Where a thread of the proxy panicked.
    pub fn cut(&self) {
        for (client, node) in self.shared.lock().expect("an unbroken proxy").links.drain(..) {
            // Ends that are closed already are as good as closed.
            let _ = client.shutdown(Shutdown::Both);
            let _ = node.shutdown(Shutdown::Both);
        }
    }
}

fn forward(client: TcpStream, shared: &Mutex<State>) {
    let Ok(mut state) = shared.lock() else { return };
    let reached = |target| TcpStream::connect_timeout(target, Duration::from_secs(1)).ok();
    let Some(node) = state.targets.iter().find_map(reached) else { return };
    let ends = (client.try_clone(), node.try_clone(), client.try_clone(), node.try_clone());
    let (Ok(client_in), Ok(node_out), Ok(client_out), Ok(node_in)) = ends else { return };
    state.links.push((client, node));
    std::thread::spawn(move || pump(client_in, node_out));
    std::thread::spawn(move || pump(node_in, client_out));
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // However it ends, both ends learn of it.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
