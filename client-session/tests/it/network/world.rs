use std::collections::{BTreeMap, BTreeSet};

use tidewire_protocol::{ChannelName, ClientFrame, ServerFrame};
use tidewire_session::{Command, Input, LinkEvent, LinkId, PublishId, PublishName, Wake};

use super::book::{Book, Counts};
use super::chance::Chance;
use super::client::Client;
use super::log::{Answer, Checked, Draft, Log};
use super::node::{Node, NodeLink};
use super::page::Record;

/// A network of clients and nodes, in virtual time. Everything that happens is in one queue; a seed decides all.
pub(super) struct World {
    pub(super) now: u64,
    pub(super) chance: Chance,
    queue: BTreeMap<(u64, u64), Happening>,
    tickets: u64,
    /// Log servers; a failover makes a new one the primary. Each has the logs of all channels.
    pub(super) servers: Vec<Vec<Log>>,
    pub(super) nodes: Vec<Node>,
    pub(super) clients: Vec<Client>,
    pub(super) pipes: BTreeMap<(usize, LinkId), Pipe>,
    pub(super) book: Book,
    pub(super) broken: Broken,
    /// Whether to tell the story.
    pub(super) traced: bool,
    pub(super) faults_end: u64,
}

/// What a log or node does wrong, for the checks to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Nothing,
    /// A node passes over an entry.
    SkipsEntries,
    /// A node delivers an entry as two.
    RepeatsEntries,
    /// A node acknowledges what no log took.
    AcknowledgesWhatIsNotTaken,
    /// The log takes any seq above the last.
    TakesAnySeq,
    /// Nodes put nothing back after a failover.
    DoesNotHeal,
    /// A log that lost its tail does not say so to subscribers that saw it.
    DoesNotRewind,
    /// A page says that a publication is stored before it is.
    SendsBeforeItIsStored,
}

/// Whether pages go and come again, with what they have stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Stay,
    Reload,
}

/// The way between a client and a node.
pub(super) struct Pipe {
    pub(super) node: usize,
    pub(super) open_here: bool,
    /// What is said into it is lost, in both directions.
    pub(super) dead: bool,
    up: u64,
    down: u64,
}

pub(super) enum Happening {
    Opened { client: usize, link: LinkId },
    Down { client: usize, link: LinkId, frames: Vec<ServerFrame>, cover: usize },
    Closed { client: usize, link: LinkId },
    Up { client: usize, link: LinkId, frames: Vec<ClientFrame> },
    NodeCloses { client: usize, link: LinkId },
    Tick { client: usize },
    Wake { client: usize, wake: Wake },
    Publish { client: usize, channel: usize },
    Subscribe { client: usize, channel: usize, last: u64 },
    Relay { node: usize },
    Turn { node: usize },
    Restart { node: usize },
    Written { client: usize, page: u32, publish: PublishId, record: Option<Record> },
    Stored { client: usize, publish: PublishId, name: PublishName },
    Reload { client: usize },
    Load { client: usize },
    Second,
    Fault,
}

pub(super) const CHANNELS: usize = 2;
pub(super) const SETTLE_MS: u64 = 20_000;
pub(super) const DEDUP_MS: u64 = 60_000;
/// A failover loses at most what is younger.
const MOST_LAG_MS: u64 = 5_000;
const FORCE_MS: u64 = 3_000;
const HEARTBEAT_MS: u64 = 25_000;
/// After the last fault everything must come to rest within this.
const REST_MS: u64 = 120_000;

pub(super) fn channel_name(channel: usize) -> ChannelName {
    format!("news:{channel}").parse().unwrap()
}

impl World {
    /// Plays a seed to its end and checks it.
    pub(super) fn play(seed: u64, broken: Broken, pages: Pages) -> Counts {
        let mut world = Self::new(seed, broken, pages);
        while world.step() {}
        world.check();
        world.book.counts
    }

    fn new(seed: u64, broken: Broken, pages: Pages) -> Self {
        let durable = pages == Pages::Reload;
        let mut chance = Chance::new(seed);
        let retention = [3, 8, 100, 100][chance.index(4)];
        let logs = (0..CHANNELS).map(|_| Log::new(chance.next() as u32, retention)).collect();
        let nodes = (0..2 + chance.index(2)).map(|_| Node::new()).collect();
        let clients: Vec<_> = (0..2 + chance.index(3)).map(|_| Client::new(chance.next(), durable)).collect();
        let active = chance.between(5_000, 90_000);
        let mut world = Self {
            now: 1_000,
            chance,
            queue: BTreeMap::new(),
            tickets: 0,
            servers: vec![logs],
            nodes,
            clients,
            pipes: BTreeMap::new(),
            book: Book::default(),
            broken,
            traced: std::env::var("SEED").is_ok(),
            faults_end: 1_000 + active,
        };
        world.plan(active);
        if durable {
            world.plan_reloads(active);
        }
        world
    }

    /// Puts publications, subscriptions and faults into the queue.
    fn plan(&mut self, active: u64) {
        for client in 0..self.clients.len() {
            self.command(client, Command::Connect);
            for channel in 0..CHANNELS {
                let at = self.now + self.chance.between(0, 200);
                self.at(at, Happening::Subscribe { client, channel, last: 0 });
                // Some have a second subscription of the channel, later.
                if self.chance.once_in(3) {
                    let at = self.now + self.chance.between(0, active);
                    let last = self.chance.between(0, 5);
                    self.at(at, Happening::Subscribe { client, channel, last });
                }
            }
        }
        let bursts = self.chance.between(2, 12);
        for _ in 0..bursts {
            let (client, channel) = (self.chance.index(self.clients.len()), self.chance.index(CHANNELS));
            let mut at = self.now + self.chance.between(0, active);
            for _ in 0..self.chance.between(1, 9) {
                self.at(at, Happening::Publish { client, channel });
                at += self.chance.between(0, 300);
            }
        }
        for _ in 0..self.chance.between(0, 12) {
            let at = self.now + self.chance.between(0, active);
            self.at(at, Happening::Fault);
        }
        self.at(self.now + 1_000, Happening::Second);
    }

    pub(super) fn at(&mut self, at: u64, happening: Happening) {
        self.tickets += 1;
        self.queue.insert((at, self.tickets), happening);
    }

    fn step(&mut self) -> bool {
        let Some(((at, _), happening)) = self.queue.pop_first() else { return false };
        self.now = self.now.max(at);
        if self.now > self.faults_end + REST_MS {
            return false;
        }
        // Whoever sleeps hears it later.
        if let Some(client) = happening.client()
            && self.clients[client].frozen > self.now
        {
            let thaw = self.clients[client].frozen;
            self.at(thaw, happening);
            return true;
        }
        match happening {
            Happening::Opened { client, link } => self.hear(client, link, LinkEvent::Opened, 0),
            Happening::Down { client, link, frames, cover } => {
                self.hear(client, link, LinkEvent::Received(frames), cover);
            }
            Happening::Closed { client, link } => {
                self.hear(client, link, LinkEvent::Closed { code: None, reason: String::new() }, 0);
                self.pipes.remove(&(client, link));
            }
            Happening::Up { client, link, frames } => self.node_hears(client, link, frames),
            Happening::NodeCloses { client, link } => self.node_closes(client, link),
            Happening::Tick { client } => self.tick(client),
            Happening::Wake { client, wake } => self.drive(client, Input::Wake(wake), 0),
            Happening::Publish { client, channel } => self.publish(client, channel),
            Happening::Subscribe { client, channel, last } => self.subscribe(client, channel, last),
            Happening::Relay { node } => self.relay(node),
            Happening::Turn { node } => self.turn(node),
            Happening::Restart { node } => self.restart(node),
            Happening::Written { client, page, publish, record } => {
                self.written(client, page, publish, record)
            }
            Happening::Stored { client, publish, name } => {
                self.command(client, Command::Stored { publish, name })
            }
            Happening::Reload { client } => self.reload(client),
            Happening::Load { client } => self.load(client),
            Happening::Second => self.second(),
            Happening::Fault => self.fault(),
        }
        true
    }

    fn hear(&mut self, client: usize, link: LinkId, event: LinkEvent, cover: usize) {
        if self.listens(client, link)
            && let Some(link) = self.clients[client].store.link_of_page(link)
        {
            self.drive(client, Input::Link(link, event), cover);
        }
    }

    // ---- links

    pub(super) fn open(&mut self, client: usize, link: LinkId) {
        let node = self.chance.index(self.nodes.len());
        let at = self.now + self.chance.between(1, 80);
        let pipe = Pipe { node, open_here: true, dead: false, up: at, down: at };
        self.pipes.insert((client, link), pipe);
        if self.nodes[node].up {
            self.nodes[node].links.insert((client, link), NodeLink::default());
            self.at(at, Happening::Opened { client, link });
        } else if self.chance.once_in(2) {
            self.at(at, Happening::Closed { client, link });
        }
    }

    pub(super) fn send_up(&mut self, client: usize, link: LinkId, frames: Vec<ClientFrame>) {
        let delay = self.chance.between(1, 40);
        let Some(pipe) = self.pipes.get_mut(&(client, link)).filter(|pipe| !pipe.dead) else { return };
        pipe.up = pipe.up.max(self.now + delay);
        let at = pipe.up;
        self.at(at, Happening::Up { client, link, frames });
    }

    pub(super) fn send_down(&mut self, client: usize, link: LinkId, frames: Vec<ServerFrame>) {
        let (delay, cover) = (self.chance.between(1, 40), self.book.taken.len());
        let Some(pipe) = self.pipes.get_mut(&(client, link)).filter(|pipe| !pipe.dead) else { return };
        pipe.down = pipe.down.max(self.now + delay);
        let at = pipe.down;
        self.at(at, Happening::Down { client, link, frames, cover });
    }

    /// The client closes: what it has said before is still heard.
    pub(super) fn hang_up(&mut self, client: usize, link: LinkId) {
        if let Some(pipe) = self.pipes.get_mut(&(client, link)) {
            pipe.open_here = false;
            let at = pipe.up.max(self.now + 1);
            self.at(at, Happening::NodeCloses { client, link });
        }
    }

    fn node_closes(&mut self, client: usize, link: LinkId) {
        if let Some(pipe) = self.pipes.get(&(client, link)) {
            self.nodes[pipe.node].links.remove(&(client, link));
        }
    }

    /// A link is cut. The client learns of it at once, or finds it out.
    fn cut(&mut self, (client, link): (usize, LinkId)) {
        let soon = self.now + self.chance.between(0, 60);
        if let Some(pipe) = self.pipes.get_mut(&(client, link)) {
            pipe.dead = true;
            self.at(soon + 100, Happening::NodeCloses { client, link });
            if self.chance.once_in(2) {
                self.at(soon, Happening::Closed { client, link });
            }
        }
    }

    // ---- faults

    fn fault(&mut self) {
        let client = self.chance.index(self.clients.len());
        match self.chance.index(12) {
            0..=2 => {
                let links: Vec<_> =
                    self.pipes.keys().copied().filter(|(owner, _)| *owner == client).collect();
                if let Some(&link) = links.last() {
                    self.cut(link);
                }
            }
            3 => {
                let node = self.chance.index(self.nodes.len());
                self.crash(node);
            }
            4..=6 => {
                let lag = self.chance.between(0, MOST_LAG_MS);
                let primary = self.servers.last().unwrap();
                let promoted = primary.iter().map(|log| log.lagging(self.now, lag)).collect();
                self.replace(promoted);
            }
            7 if self.chance.once_in(3) => {
                let retention = 100;
                let logs = (0..CHANNELS).map(|_| Log::new(self.chance.next() as u32, retention)).collect();
                self.replace(logs);
            }
            7 | 8 if self.clients[client].frozen <= self.now => {
                let length = self.chance.between(1_000, 60_000);
                self.clients[client].frozen = self.now + length;
                let wake =
                    [Wake::Resumed, Wake::PageShown, Wake::Online, Wake::PageHidden][self.chance.index(4)];
                self.at(self.now + length, Happening::Wake { client, wake });
            }
            9 | 10 => {
                let node = self.chance.index(self.nodes.len());
                self.say_going_away(node);
            }
            _ => self.drive(client, Input::Wake(Wake::Online), 0),
        }
    }

    fn crash(&mut self, node: usize) {
        if !self.nodes[node].up {
            return;
        }
        for link in self.nodes[node].crash() {
            self.cut(link);
        }
        let at = self.now + self.chance.between(100, 8_000);
        self.at(at, Happening::Restart { node });
        self.excuse();
    }

    fn restart(&mut self, node: usize) {
        self.nodes[node].up = true;
        self.nodes[node].server = self.servers.len() - 1;
    }

    /// Another log server becomes the primary; nodes may go on with the old one for a while.
    fn replace(&mut self, logs: Vec<Log>) {
        self.servers.push(logs);
        let split = self.chance.once_in(3);
        for node in 0..self.nodes.len() {
            let at = if split { self.now + self.chance.between(0, 4_000) } else { self.now };
            self.at(at, Happening::Turn { node });
        }
        self.excuse();
    }

    /// What the primary lost while nobody alive keeps it is nobody's fault.
    pub(super) fn excuse(&mut self) {
        let primary = self.servers.last().unwrap();
        let ever: Vec<&BTreeSet<_>> = primary.iter().map(|log| &log.ever).collect();
        for (name, acknowledged) in &self.book.acknowledged {
            let kept_by_its_client = self.now < acknowledged + SETTLE_MS;
            if !ever.iter().any(|ever| ever.contains(name))
                && !kept_by_its_client
                && !self.nodes.iter().any(|node| node.keeps(*name))
                && self.book.excused.insert(*name)
            {
                self.book.counts.excused += 1;
            }
        }
    }

    // ---- time

    fn second(&mut self) {
        for log in self.servers.iter_mut().flatten() {
            log.forget_idle(self.now, DEDUP_MS);
        }
        self.excuse();
        for node in 0..self.nodes.len() {
            let now = self.now;
            self.nodes[node].settle.retain(|&(_, _, at)| now < at + SETTLE_MS);
            self.mend(node);
            if self.now / HEARTBEAT_MS != (self.now - 1_000) / HEARTBEAT_MS {
                self.ping_all(node);
            }
        }
        self.at(self.now + 1_000, Happening::Second);
    }

    /// Puts back what can be put back; what is too early waits, and is forced in the end.
    pub(super) fn mend(&mut self, node: usize) {
        if !self.nodes[node].up || self.broken == Broken::DoesNotHeal {
            return;
        }
        let mut kept = Vec::new();
        for (channel, draft, since) in std::mem::take(&mut self.nodes[node].mend) {
            let force = self.now >= since + FORCE_MS;
            match self.append(self.nodes[node].server, channel, draft, force) {
                Answer::Behind(_) => kept.push((channel, draft, since)),
                Answer::Accepted(_) | Answer::Old => {
                    self.nodes[node].settle.push((channel, draft, self.now));
                }
            }
        }
        self.nodes[node].mend = kept;
    }

    /// The only way into a log.
    pub(super) fn append(&mut self, server: usize, channel: usize, draft: Draft, force: bool) -> Answer {
        let checked = match self.broken {
            Broken::TakesAnySeq => Checked::Any,
            _ => Checked::Consecutive,
        };
        let answer = self.servers[server][channel].publish(self.now, draft, force, checked);
        if let Answer::Accepted(position) = answer {
            self.book.take(channel, position, draft);
            for node in 0..self.nodes.len() {
                if self.nodes[node].up && self.nodes[node].server == server {
                    let at = self.now + self.chance.between(0, 25);
                    self.at(at, Happening::Relay { node });
                }
            }
        }
        answer
    }

    fn check(&self) {
        let primary = self.servers.last().unwrap();
        let ever: Vec<&BTreeSet<_>> = primary.iter().map(|log| &log.ever).collect();
        for (index, client) in self.clients.iter().enumerate() {
            assert_eq!(client.waiting(), 0, "client {index} has publications without an answer");
        }
        self.book.close(&ever);
    }
}

impl Happening {
    /// The client that must be awake for it.
    fn client(&self) -> Option<usize> {
        match self {
            Self::Opened { client, .. }
            | Self::Down { client, .. }
            | Self::Closed { client, .. }
            | Self::Tick { client }
            | Self::Wake { client, .. }
            | Self::Publish { client, .. }
            | Self::Stored { client, .. }
            | Self::Reload { client }
            | Self::Subscribe { client, .. } => Some(*client),
            Self::Up { .. }
            | Self::NodeCloses { .. }
            | Self::Relay { .. }
            | Self::Turn { .. }
            | Self::Restart { .. }
            | Self::Written { .. }
            | Self::Load { .. }
            | Self::Second
            | Self::Fault => None,
        }
    }
}
