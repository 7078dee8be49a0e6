use std::time::Duration;

use crate::{Server, Settings, Topology, free_port, wait_until};

/// A Redis Cluster: three primaries, each with a replica, that notice the loss of one within seconds.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Server>,
    /// Their names among themselves, in the same order.
    names: Vec<String>,
    /// The ports by which they speak TLS, in the same order; they name these, and none where they do not.
    encrypted: Vec<u16>,
}

const PRIMARIES: usize = 3;
const SLOTS: u16 = 16_384;
const PATIENCE: Duration = Duration::from_secs(60);

impl Cluster {
    /// Starts one without any settings.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// Starts one that speaks TLS among itself and to everybody but the tests, under the name `localhost`; the settings
    /// have its certificates.
    pub fn encrypted(settings: Settings) -> Self {
        let settings = settings
            .set("tls-cluster", "yes")
            .set("tls-replication", "yes")
            .set("cluster-announce-hostname", "localhost");
        Self::of(&settings, (0..2 * PRIMARIES).map(|_| free_port()).collect())
    }

    /// Starts one, where these settings count more than its own; returns when it takes writes and all replicas replicate.
    ///
    /// # Panics
    /// Where that does not come about.
    pub fn with(settings: Settings) -> Self {
        Self::of(&settings, Vec::new())
    }

    fn of(settings: &Settings, encrypted: Vec<u16>) -> Self {
        let server = |place: usize| {
            let port = free_port();
            let own = Settings::default()
                .set("cluster-enabled", "yes")
                .set("cluster-node-timeout", "1500")
                .set("cluster-port", &port.to_string())
                .set("cluster-replica-validity-factor", "0");
            let own = match encrypted.get(place) {
                Some(port) => own.set("tls-port", &port.to_string()),
                None => own,
            };
            Server::with(own.and(settings))
        };
        let servers: Vec<Server> = (0..2 * PRIMARIES).map(server).collect();
        let names = servers.iter().map(|server| server.run(&["CLUSTER", "MYID"])).collect();
        let cluster = Self { servers, names, encrypted };
        cluster.meet();
        cluster.part_the_slots();
        cluster.replicate();
        cluster.wait_until_whole();
        cluster
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> u16 {
        self.living().run(&["CLUSTER", "KEYSLOT", key])
    }

    /// Which server, by its place in [`Topology::servers`], is a slot's primary; `None` while nobody is.
    pub fn primary_of(&self, slot: u16) -> Option<usize> {
        let view: String = self.living().try_run(&["CLUSTER", "NODES"]).ok()?;
        let name = view.lines().find_map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            let is_primary = words.get(2)?.contains("master") && !words.get(2)?.contains("fail");
            let holds = words.get(8..)?.iter().any(|range| holds(range, slot));
            (is_primary && holds).then(|| (*words.first().unwrap_or(&"")).to_owned())
        })?;
        self.names.iter().position(|other| *other == name)
    }

    /// Some slot that a primary has.
    ///
    /// # Panics
    /// Where it has none.
    pub fn slot_of(&self, primary: usize) -> u16 {
        let mut slots = (0..SLOTS).step_by(64);
        slots.find(|&slot| self.primary_of(slot) == Some(primary)).expect("a slot")
    }

    /// A server that replicates a slot's primary, by its place in [`Topology::servers`].
    pub fn replica_of(&self, slot: u16) -> Option<usize> {
        let primary = self.names.get(self.primary_of(slot)?)?;
        let view: String = self.living().try_run(&["CLUSTER", "NODES"]).ok()?;
        let name = view.lines().find_map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            let replicates = words.get(3) == Some(&primary.as_str()) && !words.get(2)?.contains("fail");
            replicates.then(|| (*words.first().unwrap_or(&"")).to_owned())
        })?;
        self.names.iter().position(|other| *other == name)
    }

    /// One server, by its place.
    pub fn server(&mut self, place: usize) -> &mut Server {
        &mut self.servers[place]
    }

    /// Moves a slot with its keys to another primary, as a rebalancing does.
    ///
    /// # Panics
    /// Where the cluster does not take it.
    pub fn migrate(&self, slot: u16, to: usize) {
        self.begin_migration(slot, to);
        self.move_keys(slot, to);
        self.end_migration(slot, to);
    }

    /// From now on the slot's primary answers ASK for keys that it does not have.
    ///
    /// # Panics
    /// Where the cluster does not take it.
    pub fn begin_migration(&self, slot: u16, to: usize) {
        let from = self.primary_of(slot).expect("a primary");
        let slot = slot.to_string();
        // After a failover not everybody knows at once who is a primary.
        let sets = |place: usize, state, other: usize| {
            let words = ["CLUSTER", "SETSLOT", &slot, state, &self.names[other]];
            wait_until("the slot begins to move", PATIENCE, || {
                self.servers[place].try_run::<()>(&words).is_ok()
            });
        };
        sets(to, "IMPORTING", from);
        sets(from, "MIGRATING", to);
    }

    /// Ends what was left of moving a slot: on to the primary that has keys of it, or else not at all.
    ///
    /// # Panics
    /// Where the cluster does not take it.
    pub fn settle(&self, slot: u16) {
        let owner = self.primary_of(slot).expect("a primary");
        let text = slot.to_string();
        let is_primary = |server: &Server| server.runs() && server.info("replication", "role") == "master";
        let has_keys = |server: &Server| server.run::<u64>(&["CLUSTER", "COUNTKEYSINSLOT", &text]) > 0;
        let mut servers = self.servers.iter().enumerate();
        match servers.find(|(place, server)| *place != owner && is_primary(server) && has_keys(server)) {
            Some((place, _)) => self.migrate(slot, place),
            None => {
                for server in self.servers.iter().filter(|server| is_primary(server)) {
                    server.run::<()>(&["CLUSTER", "SETSLOT", &text, "STABLE"]);
                }
            }
        }
    }

    /// Moves the keys that the slot has now, one by one: between two of them scripts get TRYAGAIN. What the other side
    /// has of an attempt that was broken off is replaced.
    ///
    /// # Panics
    /// Where a key cannot be moved.
    pub fn move_keys(&self, slot: u16, to: usize) {
        let from = &self.servers[self.primary_of(slot).expect("a primary")];
        let port = self.named_port(to).to_string();
        loop {
            let keys: Vec<String> = from.run(&["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), "10"]);
            if keys.is_empty() {
                return;
            }
            for key in keys {
                let login = ["AUTH2", crate::settings::ADMIN, "any"];
                let move_it = ["MIGRATE", "127.0.0.1", &port, &key, "0", "5000", "REPLACE"];
                let words = [&move_it, login.as_slice()].concat();
                from.run::<()>(&words);
            }
        }
    }

    /// From now on the slot belongs to the other primary, and everybody knows.
    ///
    /// # Panics
    /// Where the cluster does not take it.
    pub fn end_migration(&self, slot: u16, to: usize) {
        let words = ["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &self.names[to]];
        // The new owner first, so that there is one at all times.
        self.servers[to].run::<()>(&words);
        for server in self.servers.iter().filter(|server| server.runs()) {
            // After a failover not everybody knows at once who is a primary.
            wait_until("a primary knows that the slot has moved", PATIENCE, || {
                server.info("replication", "role") != "master" || server.try_run::<()>(&words).is_ok()
            });
        }
        wait_until("the slot has moved", PATIENCE, || self.primary_of(slot) == Some(to));
    }

    /// Makes a replica of a slot's primary the primary, in peace.
    ///
    /// # Panics
    /// Where the cluster does not manage.
    pub fn fail_over(&self, slot: u16) {
        let replica = self.replica_of(slot).expect("a replica");
        wait_until("the replica begins the failover", PATIENCE, || {
            self.servers[replica].try_run::<()>(&["CLUSTER", "FAILOVER"]).is_ok()
        });
        wait_until("the replica is the primary", PATIENCE, || self.primary_of(slot) == Some(replica));
    }

    fn meet(&self) {
        for (index, server) in self.servers.iter().enumerate() {
            server.run::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            let (port, bus) =
                (server.port().to_string(), server.run::<Vec<String>>(&["CONFIG", "GET", "cluster-port"]));
            self.servers[0].run::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus[1]]);
        }
        let all = self.servers.len().to_string();
        wait_until("the servers of the cluster know each other", PATIENCE, || {
            self.servers.iter().all(|server| field(server, "cluster_known_nodes") == all)
        });
    }

    fn part_the_slots(&self) {
        let share = SLOTS.div_ceil(PRIMARIES as u16);
        for (index, primary) in self.servers[..PRIMARIES].iter().enumerate() {
            let first = share * index as u16;
            let last = (first + share).min(SLOTS) - 1;
            primary.run::<()>(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
    }

    fn replicate(&self) {
        for (primary, replica) in self.names.iter().zip(&self.servers[PRIMARIES..]) {
            replica.run::<()>(&["CLUSTER", "REPLICATE", primary]);
        }
    }

    /// The port by which the servers name one of them.
    fn named_port(&self, place: usize) -> u16 {
        self.encrypted.get(place).copied().unwrap_or_else(|| self.servers[place].port())
    }

    /// Any server that can be asked.
    fn living(&self) -> &Server {
        let answers = |server: &&Server| server.runs() && field(server, "cluster_state") == "ok";
        let runs = || self.servers.iter().find(|server| server.runs());
        self.servers.iter().find(answers).or_else(runs).expect("a running server")
    }
}

/// A line of `CLUSTER INFO`.
fn field(server: &Server, name: &str) -> String {
    let info = server.try_run::<String>(&["CLUSTER", "INFO"]).unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// Whether `4` or `0-5460`, as `CLUSTER NODES` names slots, includes this one; `[4->-…]`, a slot that moves, does not.
fn holds(range: &str, slot: u16) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else { return false };
    (first..=last).contains(&slot)
}

impl Topology for Cluster {
    fn url(&self) -> String {
        let (scheme, host) = match self.encrypted.is_empty() {
            true => ("redis", "127.0.0.1"),
            false => ("rediss", "localhost"),
        };
        let address = |place| format!("{host}:{}", self.named_port(place));
        let all: Vec<_> = (0..self.servers.len()).map(address).collect();
        format!("{scheme}+cluster://{}", all.join(","))
    }

    fn servers(&mut self) -> Vec<&mut Server> {
        self.servers.iter_mut().collect()
    }

    fn primary(&mut self, key: &str) -> &mut Server {
        let place = self.primary_of(self.slot(key)).expect("a primary");
        &mut self.servers[place]
    }

    fn wait_until_whole(&self) {
        wait_until("the cluster is whole", PATIENCE, || {
            self.servers.iter().all(|server| {
                let whole =
                    field(server, "cluster_state") == "ok" && field(server, "cluster_slots_ok") == "16384";
                let replicates = server.info("replication", "role") == "master"
                    || server.info("replication", "master_link_status") == "up";
                whole && replicates
            }) && (0..PRIMARIES).all(|index| {
                let view: String = self.servers[index].try_run(&["CLUSTER", "NODES"]).unwrap_or_default();
                view.lines().filter(|line| line.contains("slave") && !line.contains("fail")).count()
                    == PRIMARIES
            })
        });
    }
}
