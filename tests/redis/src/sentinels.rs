use std::collections::HashMap;
use std::time::Duration;

use crate::{Server, Settings, Topology, wait_until};

/// A primary and its replicas, watched by three Sentinels that find a new primary within seconds.
#[derive(Debug)]
pub struct Sentinels {
    servers: Vec<Server>,
    sentinels: Vec<Server>,
}

/// How the Sentinels call the primary.
const NAME: &str = "tidewire";
const PATIENCE: Duration = Duration::from_secs(30);

impl Sentinels {
    /// A primary with one replica.
    pub fn start() -> Self {
        Self::with(1, Settings::default(), Settings::default())
    }

    /// A primary with so many replicas, with settings for them and for the Sentinels, which count more
    /// than what is set here; returns when all is whole.
    ///
    /// # Panics
    /// Where that does not come about.
    pub fn with(replicas: usize, data: Settings, sentinel: Settings) -> Self {
        let primary = Server::with(data.clone());
        let port = primary.port();
        let mut servers = vec![primary];
        servers.extend((0..replicas).map(|_| Server::with(data.clone().replica_of(port))));
        let watching = Settings::default()
            .set("sentinel", &format!("monitor {NAME} 127.0.0.1 {port} 2"))
            .set("sentinel", &format!("auth-user {NAME} {}", crate::settings::ADMIN))
            .set("sentinel", &format!("auth-pass {NAME} any"))
            .set("sentinel", &format!("down-after-milliseconds {NAME} 1000"))
            .set("sentinel", &format!("failover-timeout {NAME} 4000"))
            .and(&sentinel);
        let this = |_| Server::of(&watching, vec!["--sentinel"]);
        let sentinels = Self { servers, sentinels: (0..3).map(this).collect() };
        sentinels.wait_until_whole();
        sentinels
    }

    /// How the Sentinels call the primary.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// The Sentinels themselves.
    pub fn sentinels(&mut self) -> &mut [Server] {
        &mut self.sentinels
    }

    /// The port of the primary, as a living Sentinel says.
    ///
    /// # Panics
    /// Where no Sentinel answers.
    pub fn primary_port(&self) -> u16 {
        let say = |sentinel: &Server| {
            sentinel.try_run::<(String, u16)>(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]).ok()
        };
        self.sentinels.iter().filter(|sentinel| sentinel.runs()).find_map(say).expect("a Sentinel").1
    }

    /// Makes a replica the primary, in peace; returns when most Sentinels say so.
    ///
    /// # Panics
    /// Where the Sentinels do not manage.
    pub fn fail_over(&self) {
        let before = self.primary_port();
        wait_until("a Sentinel begins the failover", PATIENCE, || {
            self.sentinels.iter().any(|one| one.try_run::<()>(&["SENTINEL", "FAILOVER", NAME]).is_ok())
        });
        self.wait_until_primary_is_not(before);
    }

    /// Returns when a living Sentinel names another primary, and that one takes writes.
    ///
    /// # Panics
    /// Where that takes too long.
    pub fn wait_until_primary_is_not(&self, port: u16) {
        wait_until("there is another primary", PATIENCE, || {
            let now = self.primary_port();
            now != port
                && self
                    .servers
                    .iter()
                    .any(|one| one.port() == now && one.info("replication", "role") == "master")
        });
    }

    fn is_whole(&self) -> bool {
        let primary = self.primary_port();
        let others = (self.servers.len() - 1).to_string();
        let replicate = self.servers.iter().filter(|server| server.port() != primary);
        let knows_all = |sentinel: &Server| {
            let told: HashMap<String, String> =
                sentinel.try_run(&["SENTINEL", "MASTER", NAME]).unwrap_or_default();
            told.get("flags").is_some_and(|flags| flags == "master")
                && told.get("num-slaves") == Some(&others)
                && told.get("num-other-sentinels").is_some_and(|count| count == "2")
        };
        replicate.into_iter().all(|server| server.info("replication", "master_link_status") == "up")
            && self.sentinels.iter().all(knows_all)
    }
}

impl Topology for Sentinels {
    fn url(&self) -> String {
        let all: Vec<_> = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port())).collect();
        format!("redis+sentinel://{}/{NAME}", all.join(","))
    }

    fn servers(&mut self) -> Vec<&mut Server> {
        self.servers.iter_mut().collect()
    }

    fn primary(&mut self, _key: &str) -> &mut Server {
        let port = self.primary_port();
        self.servers.iter_mut().find(|server| server.port() == port).expect("one of the servers")
    }

    fn wait_until_whole(&self) {
        wait_until("the Sentinels know each other and the replicas", PATIENCE, || self.is_whole());
    }
}
