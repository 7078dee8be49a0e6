use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::Limits;
use crate::connection::{Connection, ConnectionId};

/// A node's connections, and how many each user and each address has.
#[derive(Default)]
pub(crate) struct Connections {
    last: AtomicU64,
    count: AtomicUsize,
    shards: [Mutex<HashMap<ConnectionId, Arc<Connection>>>; 16],
    users: Mutex<HashMap<String, usize>>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// There are as many connections as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// On the node.
    Node,
    /// From one address.
    Address,
}

/// A connection's place among those that there may be; given back when dropped.
pub(crate) struct Admission {
    connections: Arc<Connections>,
    address: Option<IpAddr>,
    user: Option<String>,
}

impl Connections {
    /// Takes a place for a new connection.
    pub(crate) fn admit(
        self: &Arc<Self>,
        limits: &Limits,
        address: Option<IpAddr>,
    ) -> Result<(ConnectionId, Admission), Full> {
        // Counted before compared, so that two at once cannot both take the last place.
        let mut admission = Admission { connections: self.clone(), address: None, user: None };
        if self.count.fetch_add(1, Ordering::Relaxed) >= limits.connections {
            return Err(Full::Node);
        }
        if let Some(address) = address.map(counted_as) {
            let mut addresses = self.addresses.lock();
            let count = addresses.entry(address).or_default();
            if *count >= limits.connections_per_address {
                return Err(Full::Address);
            }
            *count += 1;
            admission.address = Some(address);
        }
        Ok((ConnectionId(self.last.fetch_add(1, Ordering::Relaxed) + 1), admission))
    }

    /// Makes a connection known to [`Connections::all`].
    pub(crate) fn insert(&self, connection: Arc<Connection>) {
        self.shard(connection.id).lock().insert(connection.id, connection);
    }

    /// Forgets a connection.
    pub(crate) fn remove(&self, id: ConnectionId) {
        self.shard(id).lock().remove(&id);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// All of this moment, a part at a time.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<Connection>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>())
    }

    fn shard(&self, id: ConnectionId) -> &Mutex<HashMap<ConnectionId, Arc<Connection>>> {
        &self.shards[id.0 as usize % self.shards.len()]
    }
}

impl Admission {
    /// Counts the connection for its user. `false`: the user has as many as one may have.
    pub(crate) fn name(&mut self, limits: &Limits, user: &str) -> bool {
        let mut users = self.connections.users.lock();
        let count = users.entry(user.to_owned()).or_default();
        if *count >= limits.connections_per_user {
            return false;
        }
        *count += 1;
        self.user = Some(user.to_owned());
        true
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.connections.count.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address {
            give_back(&mut self.connections.addresses.lock(), &address);
        }
        if let Some(user) = &self.user {
            give_back(&mut self.connections.users.lock(), user);
        }
    }
}

fn give_back<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// An IPv6 client has a whole /64 to come from.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
