//! Logs in memory that suffer what a test wants: failovers that lose a tail, a replaced primary that goes on
//! serving, lost logs, lost news, calls that fail after they were carried out.

mod chance;
mod link;
mod primary;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tidewire_protocol::ChannelName;
use tokio::time::Instant;

use self::chance::Chance;
use self::link::{Call, Link};
use self::primary::Primary;
use crate::outlet::Outlet;
use crate::{
    Answer, Appended, Arrival, Arrivals, Backbone, BackboneError, Draft, Entry, Interrupted, MemoryConfig,
    Retention,
};

/// The logs of a cluster, as who makes them fail holds them. All randomness comes from the seed, all time from
/// tokio's clock.
///
/// A primary serves all nodes; a replica follows it, at once or as far behind as it is told.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

/// One node's backbone on [`Faults`].
pub struct FaultyBackbone {
    state: Arc<Mutex<State>>,
    node: usize,
}

/// Which nodes notice at once that another server has become the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// All: each is told `Interrupted`.
    ByAll,
    /// None: the replaced primary goes on serving each, until [`FaultyBackbone::turn`].
    ByNone,
}

/// What a log took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which server's log: 0 is the first primary, each that replaces one has the next number.
    pub server: usize,
    /// The channel.
    pub channel: ChannelName,
    /// The publication, as the log has it.
    pub entry: Entry,
}

/// How long a node's calls take. Calls are carried out in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Until it is carried out.
    pub request: RangeInclusive<Duration>,
    /// From then until the node has the answer.
    pub answer: RangeInclusive<Duration>,
}

impl Default for Pace {
    /// At once.
    fn default() -> Self {
        Self { request: Duration::ZERO..=Duration::ZERO, answer: Duration::ZERO..=Duration::ZERO }
    }
}

struct State {
    config: MemoryConfig,
    chance: Chance,
    lag: Duration,
    /// The last is the primary; the others were.
    servers: Vec<Primary>,
    links: Vec<Link>,
    /// What nobody has asked for yet.
    journal: Vec<Taken>,
}

impl Faults {
    /// Logs without nodes.
    pub fn new(config: MemoryConfig, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            config,
            chance: Chance::new(seed),
            lag: Duration::ZERO,
            servers: vec![Primary::default()],
            links: Vec::new(),
            journal: Vec::new(),
        })))
    }

    /// Another node on these logs.
    pub fn node(&self) -> (FaultyBackbone, Arrivals) {
        let mut state = self.state();
        let (outlet, arrivals) = Outlet::new(state.config.arrivals);
        let (node, server) = (state.links.len(), state.servers.len() - 1);
        state.links.push(Link::new(server, outlet));
        (FaultyBackbone { state: self.0.clone(), node }, arrivals)
    }

    /// From now on the replica has each write so much later; what it has not got yet, neither sooner.
    pub fn lag(&self, by: Duration) {
        self.state().lag = by;
    }

    /// What a failover would lose now.
    pub fn at_risk(&self) -> Vec<Taken> {
        self.state().at_risk()
    }

    /// What the logs took since this was asked last, in that order.
    pub fn journal(&self) -> Vec<Taken> {
        std::mem::take(&mut self.state().journal)
    }

    /// The replica becomes the primary, without what it has not got yet. Answers what is lost by that.
    pub fn fail_over(&self, noticed: Noticed) -> Vec<Taken> {
        let mut state = self.state();
        let lost = state.at_risk();
        let promoted = state.primary(Instant::now()).promote();
        state.replace(promoted, noticed);
        lost
    }

    /// All logs are gone, and new ones begin.
    pub fn lose_everything(&self) {
        self.state().replace(Primary::default(), Noticed::ByAll);
    }

    /// Drops all but the newest `entries` of a log, on the replica too.
    pub fn trim(&self, channel: &ChannelName, entries: u32) {
        self.state().primary(Instant::now()).trim(channel, entries);
    }

    /// What the primary's log retains.
    pub fn log(&self, channel: &ChannelName) -> Answer {
        let mut state = self.state();
        let newest = state.servers.len() - 1;
        state.read(newest, channel, 0, usize::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0)
    }
}

impl FaultyBackbone {
    /// The node turns to the primary of this moment, if it is still with a replaced one. It is told `Interrupted`;
    /// its calls under way fail.
    pub fn turn(&self) {
        let mut state = self.state();
        let newest = state.servers.len() - 1;
        if state.links[self.node].server != newest {
            state.links[self.node].turn(newest);
        }
    }

    /// News no longer reach the node, which does not know.
    pub fn lose_news(&self) {
        self.state().links[self.node].news = link::News::GetLost;
    }

    /// News reach the node again, and it is told `Interrupted`.
    pub fn mend_news(&self) {
        let link = &mut self.state().links[self.node];
        link.news = link::News::Arrive;
        link.outlet.deliver(Arrival::Interrupted(Interrupted::All));
    }

    /// Tells the node, as if its link had been lost for a moment.
    pub fn interrupt(&self) {
        self.mend_news();
    }

    /// From now on every call fails at once, and nothing is carried out; what is under way is lost.
    pub fn go_down(&self) {
        self.state().links[self.node].go_down();
    }

    /// Calls are answered again, and the node is told `Interrupted`.
    pub fn come_back(&self) {
        self.state().links[self.node].health = link::Health::Up;
        self.mend_news();
    }

    /// The next so many publishes are carried out, and then answered with an error.
    pub fn lose_answers(&self, publishes: usize) {
        self.state().links[self.node].unheard = publishes;
    }

    /// How long the node's calls take from now on.
    pub fn pace(&self, pace: Pace) {
        self.state().links[self.node].pace = pace;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Waits until a call is carried out; answers at which turn of the link that is.
    async fn reach(&self, channel: &ChannelName) -> Result<(usize, Duration), BackboneError> {
        let (request, answer) = {
            let mut state = self.state();
            state.links[self.node].reachable()?;
            state.pace(self.node, channel)
        };
        pause(request).await;
        let state = self.state();
        state.links[self.node].reachable()?;
        Ok((state.links[self.node].turns, answer))
    }

    /// Waits for the answer, which is lost where the link has turned meanwhile.
    async fn answered<T>(&self, turns: usize, after: Duration, answer: T) -> Result<T, BackboneError> {
        pause(after).await;
        let state = self.state();
        state.links[self.node].reachable()?;
        if state.links[self.node].turns == turns { Ok(answer) } else { Err(link::lost()) }
    }
}

#[async_trait]
impl Backbone for FaultyBackbone {
    fn publish(
        &self,
        channel: &ChannelName,
        draft: Draft,
        retention: Retention,
    ) -> BoxFuture<'static, Result<Appended, BackboneError>> {
        let mut state = self.state();
        if let Err(error) = state.links[self.node].reachable() {
            return future::ready(Err(error)).boxed();
        }
        let (request, answer) = state.pace(self.node, channel);
        let now = Instant::now();
        let call = Call { channel: channel.clone(), draft, retention, answer };
        let (due, heard) = state.links[self.node].call(now + request, call);
        if due <= now {
            state.carry_out(self.node);
        } else {
            let (all, node) = (self.state.clone(), self.node);
            tokio::spawn(async move {
                tokio::time::sleep_until(due).await;
                locked(&all).carry_out(node);
            });
        }
        async move {
            let (appended, after) = heard.await.unwrap_or_else(|_| (Err(link::lost()), Duration::ZERO));
            pause(after).await;
            appended
        }
        .boxed()
    }

    async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        let (turns, answer) = self.reach(channel).await?;
        self.state().links[self.node].channels.insert(channel.clone());
        self.answered(turns, answer, ()).await
    }

    async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        let (turns, answer) = self.reach(channel).await?;
        self.state().links[self.node].channels.remove(channel);
        self.answered(turns, answer, ()).await
    }

    async fn read(&self, channel: &ChannelName, after: u64, limit: usize) -> Result<Answer, BackboneError> {
        let (turns, answer) = self.reach(channel).await?;
        let found = {
            let mut state = self.state();
            let server = state.links[self.node].server;
            state.read(server, channel, after, limit)
        };
        self.answered(turns, answer, found).await
    }

    fn is_ready(&self) -> bool {
        self.state().links[self.node].reachable().is_ok()
    }
}

impl State {
    fn primary(&mut self, now: Instant) -> &mut Primary {
        let newest = self.servers.len() - 1;
        let primary = &mut self.servers[newest];
        primary.replicate(now);
        primary
    }

    fn replace(&mut self, server: Primary, noticed: Noticed) {
        self.servers.push(server);
        let newest = self.servers.len() - 1;
        match noticed {
            Noticed::ByAll => self.links.iter_mut().for_each(|link| link.turn(newest)),
            Noticed::ByNone => {}
        }
    }

    fn at_risk(&mut self) -> Vec<Taken> {
        let server = self.servers.len() - 1;
        let unreplicated = self.primary(Instant::now()).unreplicated();
        unreplicated.map(|(channel, entry)| Taken { server, channel, entry }).collect()
    }

    /// How long a node's next call for a channel takes; whatever becomes of its calls for others.
    fn pace(&mut self, node: usize, channel: &ChannelName) -> (Duration, Duration) {
        let Pace { request, answer } = self.links[node].pace.clone();
        let who = Some(node);
        (self.chance.duration(request, who, channel), self.chance.duration(answer, who, channel))
    }

    fn read(&mut self, server: usize, channel: &ChannelName, after: u64, limit: usize) -> Answer {
        let now = Instant::now();
        let tag = self.chance.next(None, channel) as u32;
        self.servers[server].log(now, channel, tag, self.config.tips, self.lag).read(after, limit)
    }

    /// Carries out the node's publishes whose time has come.
    fn carry_out(&mut self, node: usize) {
        let now = Instant::now();
        while let Some((Call { channel, draft, retention, answer }, heard)) = self.links[node].due(now) {
            let (server, tag) = (self.links[node].server, self.chance.next(None, &channel) as u32);
            let terms = (tag, self.config.tips, self.lag);
            let (appended, news) = self.servers[server].publish(now, &channel, draft, retention, terms);
            if let Some(Arrival::Published(_, entry)) = &news {
                self.journal.push(Taken { server, channel: channel.clone(), entry: entry.clone() });
            }
            if let Some(news) = news {
                let links = self.links.iter().filter(|link| link.server == server);
                links.for_each(|link| link.tell(&channel, &news));
            }
            // Whoever published may not wait any more.
            let _ = heard.send((self.links[node].hear(appended), answer));
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}

async fn pause(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
