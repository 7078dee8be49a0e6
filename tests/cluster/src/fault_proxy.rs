mod link;
mod renames;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::link::{Fate, Link};
use self::renames::Renames;

/// A TCP proxy between two parties that can do what networks do to them.
///
/// It runs in tasks of the tokio runtime in which it was made, and ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From who connects.
    There,
    /// To who connects.
    Back,
    /// Both.
    Both,
}

/// How the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// As they come.
    Free,
    /// Not at all: they wait, as they do in a network that is parted and heals.
    Held,
    /// Each after this time.
    Delayed(Duration),
    /// So many a second.
    Slow(u32),
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    there: watch::Sender<Flow>,
    back: watch::Sender<Flow>,
    renames: Renames,
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    takes: Takes,
    links: Vec<Link>,
}

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    All,
    None,
}

impl FaultProxy {
    /// Forwards to this port of 127.0.0.1.
    ///
    /// # Panics
    /// Where there is no free port.
    pub async fn to(port: u16) -> Self {
        let listener = loop {
            // Not an ephemeral port, so that it has five digits, and nobody else is given it meanwhile.
            if let Ok(listener) = TcpListener::bind(local(tidewire_test_redis::free_port())).await {
                break listener;
            }
        };
        let address = listener.local_addr().expect("a listening address");
        let shared = Arc::new(Shared {
            state: Mutex::new(State { target: local(port), takes: Takes::All, links: Vec::new() }),
            there: watch::Sender::new(Flow::Free),
            back: watch::Sender::new(Flow::Free),
            renames: Renames::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// In what is answered, these ports are replaced by those: servers that name servers then name proxies.
    pub fn rename(&self, ports: &[(u16, u16)]) {
        self.shared.renames.set(ports);
    }

    /// New connections go to this port of 127.0.0.1 from now on.
    pub fn turn_to(&self, port: u16) {
        self.state().target = local(port);
    }

    /// How bytes go from now on, on all connections.
    pub fn flow(&self, way: Way, flow: Flow) {
        if way != Way::Back {
            self.shared.there.send_replace(flow);
        }
        if way != Way::There {
            self.shared.back.send_replace(flow);
        }
    }

    /// Closes all connections; new ones are made as before.
    pub fn cut(&self) {
        self.end_all(Fate::Cut);
    }

    /// Closes all connections on the far side alone: who connected is not told, and speaks to nobody.
    pub fn half_open(&self) {
        self.end_all(Fate::HalfOpen);
    }

    /// Connections that have subscribed to something in Redis get no more answers; all others, and new ones, do.
    pub fn mute_subscriptions(&self) {
        for link in self.state().links.iter().filter(|link| link.has_subscribed()) {
            link.meets(Fate::Muted);
        }
    }

    /// Closes all connections, and takes no new ones until [`FaultProxy::mend`].
    pub fn refuse(&self) {
        self.state().takes = Takes::None;
        self.cut();
    }

    /// As if nothing had been; connections that were closed stay so.
    pub fn mend(&self) {
        self.state().takes = Takes::All;
        self.flow(Way::Both, Flow::Free);
    }

    fn end_all(&self, fate: Fate) {
        for link in self.state().links.drain(..) {
            link.meets(fate);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((near, _)) = listener.accept().await else { continue };
        tokio::spawn(connect(near, Arc::clone(&shared)));
    }
}

async fn connect(near: TcpStream, shared: Arc<Shared>) {
    let target = {
        let mut state = shared.state();
        state.links.retain(Link::lives);
        if state.takes == Takes::None {
            return;
        }
        state.target
    };
    let Ok(far) = TcpStream::connect(target).await else { return };
    // Without this, small answers wait for acknowledgements, and everything is late.
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_err() {
        return;
    }
    let (link, running) = Link::between(near, far, &shared);
    {
        let mut state = shared.state();
        // It was cut off, or turned elsewhere, meanwhile.
        if state.takes == Takes::None || state.target != target {
            return;
        }
        state.links.push(link);
    }
    running.await;
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests;
