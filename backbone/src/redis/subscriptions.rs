use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, Value};
use tidewire_protocol::ChannelName;
use tokio::sync::{mpsc, oneshot, watch};

use super::RedisConfig;
use super::backoff::Backoff;
use super::cluster::Part;
use super::commands::Commands;
use super::greeting::{self, About, Branch, deadlines};
use super::keys::Keys;
use super::probing::{answers, comes_back};
use super::receiver::Receiver;
use super::refusal::{down, refusal};
use super::route::Route;
use super::standing::Standing;
use super::trouble::Trouble;
use crate::outlet::Outlet;
use crate::{Arrival, BackboneError, Interrupted};

/// The node's subscriptions: a connection of their own, kept by a task that makes it anew when it breaks,
/// subscribes to everything again, and then says that news may have been missed.
#[derive(Clone)]
pub(super) struct Subscriptions {
    wishes: mpsc::Sender<Wish>,
    standing: Standing,
}

/// How many wishes travel together at most, and wait at most.
const TOGETHER: usize = 512;

struct Wish {
    what: What,
    channel: ChannelName,
    done: oneshot::Sender<Result<(), BackboneError>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Listen,
    Unlisten,
}

impl Subscriptions {
    /// The subscriptions, and their task; the first of `companions` carries the probes. All links are to the same
    /// server, so that what is read after an `Interrupted` is read where the news come from. Those at one server of
    /// a cluster are `part` of all, and gone when the link is.
    pub(super) fn new(
        route: Route,
        config: RedisConfig,
        keys: Keys,
        companions: Vec<Commands>,
        part: Option<Part>,
        outlet: Arc<Outlet>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (wishes, wished) = mpsc::channel(TOGETHER);
        let standing = Standing::new();
        let probe = keys.probe(rand::random());
        let task = Task {
            route,
            config,
            companions,
            wished,
            standing: standing.clone(),
            probe,
            keys,
            part,
            outlet,
            listening: HashSet::new(),
            is_advised: false,
        };
        (Self { wishes, standing }, task.run())
    }

    /// Whether they are up.
    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Returns once Redis has confirmed; after an error the channel is listened to only if it was before.
    pub(super) async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.wish(What::Listen, channel).await
    }

    /// Even after an error, the channel will not be subscribed to again.
    pub(super) async fn unlisten(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.wish(What::Unlisten, channel).await
    }

    async fn wish(&self, what: What, channel: &ChannelName) -> Result<(), BackboneError> {
        let (done, is_done) = oneshot::channel();
        let wish = Wish { what, channel: channel.clone(), done };
        self.wishes.send(wish).await.map_err(|_| down())?;
        is_done.await.unwrap_or_else(|_| Err(down()))
    }
}

struct Task {
    route: Route,
    config: RedisConfig,
    companions: Vec<Commands>,
    wished: mpsc::Receiver<Wish>,
    standing: Standing,
    probe: String,
    keys: Keys,
    part: Option<Part>,
    outlet: Arc<Outlet>,
    listening: HashSet<ChannelName>,
    is_advised: bool,
}

/// Why a connection was given up.
enum End {
    Broken(&'static str),
    /// Nobody has wishes any more, or nobody takes the arrivals.
    Over,
}

/// A connection, and what its receiving side tells.
struct Link {
    connection: MultiplexedConnection,
    /// The newest probe that came back.
    heard: watch::Receiver<u64>,
    is_broken: watch::Receiver<bool>,
    branch: Option<Branch>,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut was_up = false;
        loop {
            match self.connect().await {
                Ok(link) => {
                    backoff = Backoff::default();
                    if was_up && self.part.is_none() {
                        tracing::info!(channels = self.listening.len(), "subscribed again");
                        self.outlet.deliver(Arrival::Interrupted(self.in_doubt()));
                    }
                    was_up = true;
                    self.standing.set_up(link.branch.clone());
                    let end = self.serve(link).await;
                    self.standing.set_down(None);
                    self.part_with_channels();
                    match end {
                        End::Over => return,
                        End::Broken(why) => tracing::warn!(why, "lost the subscriptions at Redis"),
                    }
                }
                Err(trouble) => {
                    if let Some(trouble) = backoff.news(&trouble) {
                        tracing::warn!(%trouble, "cannot subscribe at Redis, trying again");
                    }
                    self.standing.set_down(Some(trouble));
                }
            }
            if self.outlet.is_closed() || self.refuse_for(backoff.next_delay()).await {
                return;
            }
        }
    }

    /// In a cluster they may all be elsewhere the next time: it is not this link that remembers them.
    fn part_with_channels(&mut self) {
        if let Some(part) = &self.part {
            self.listening.clear();
            part.lost();
        }
    }

    /// What this link brought news of.
    fn in_doubt(&self) -> Interrupted {
        match self.config.addresses.shards() {
            [_] => Interrupted::All,
            _ => Interrupted::Channels(self.listening.iter().cloned().collect()),
        }
    }

    /// A new connection that subscribes to all that the node listens to.
    async fn connect(&mut self) -> Result<Link, Trouble> {
        if let Some(part) = &self.part {
            self.probe = part.probe(&self.keys);
        }
        let (hear, heard) = watch::channel(0);
        let (break_off, is_broken) = watch::channel(false);
        let receiver = Receiver {
            keys: self.keys.clone(),
            probe: self.probe.clone(),
            part: self.part.clone(),
            outlet: Arc::clone(&self.outlet),
            hear,
            break_off,
        };
        let config = deadlines(self.config.timeout).set_push_sender(move |push| receiver.take(push));
        let client = self.route.client()?;
        let (connection, about) = greeting::connect(&client, &config, self.route.kind()).await?;
        let mut link = Link { connection, heard, is_broken, branch: about.branch() };
        self.gather(link.branch.as_ref()).await?;
        self.advise(about);
        let mut channels: Vec<String> =
            self.listening.iter().map(|channel| self.keys.live(channel)).collect();
        channels.push(self.probe.clone());
        for some in channels.chunks(TOGETHER) {
            for confirmed in link.ask("SSUBSCRIBE", some).await? {
                confirmed?;
            }
        }
        Ok(link)
    }

    /// Waits until the companions are at the same server too.
    async fn gather(&mut self, branch: Option<&Branch>) -> Result<(), Trouble> {
        let together = future::join_all(self.companions.iter().map(|one| one.standing().arrives_at(branch)));
        let is_together = tokio::select! {
            done = tokio::time::timeout(self.config.timeout, together) => done.is_ok(),
            () = self.route.changes() => false,
        };
        if is_together {
            return Ok(());
        }
        Err(Trouble::Passing("the other links are not at this server".to_owned()))
    }

    fn advise(&mut self, about: About) {
        if !std::mem::replace(&mut self.is_advised, true) {
            for advice in about.advice() {
                tracing::warn!("{advice}");
            }
        }
    }

    /// Fulfils wishes until the connection breaks.
    async fn serve(&mut self, mut link: Link) -> End {
        let mut wishes = Vec::new();
        let mut is_broken = link.is_broken.clone();
        let Some(publishing) = self.companions.first() else { return End::Over };
        let probing = comes_back(
            publishing.clone(),
            self.probe.clone(),
            link.heard.clone(),
            self.config.probe_every,
            self.config.probe_timeout,
        );
        let asking = answers(link.connection.clone(), self.config.probe_every);
        let branch = link.branch.clone();
        let companions = self.companions.clone();
        let parting =
            future::select_all(companions.iter().map(|one| Box::pin(one.standing().leaves(branch.as_ref()))));
        tokio::pin!(probing, asking, parting);
        loop {
            tokio::select! {
                biased;
                () = broken(&mut is_broken) => return End::Broken("the connection ended"),
                () = self.route.changes() => return End::Broken("the primary is another"),
                _ = &mut parting => return End::Broken("the other links are at another server"),
                () = &mut asking => return End::Broken("Redis does not answer"),
                () = &mut probing => return End::Broken("a probe did not come back"),
                count = self.wished.recv_many(&mut wishes, TOGETHER) => {
                    if count == 0 || self.outlet.is_closed() {
                        return End::Over;
                    }
                    if let Err(error) = self.fulfil(&mut link, std::mem::take(&mut wishes)).await {
                        tracing::debug!(%error, "a subscription was not confirmed");
                        return End::Broken("a subscription was not confirmed");
                    }
                }
            }
        }
    }

    /// Fulfils wishes in order, those of one kind together.
    async fn fulfil(&mut self, link: &mut Link, wishes: Vec<Wish>) -> redis::RedisResult<()> {
        for same in wishes_of_one_kind(wishes) {
            let Some(what) = same.first().map(|wish| wish.what) else { continue };
            let channels: Vec<String> = same.iter().map(|wish| self.keys.live(&wish.channel)).collect();
            let command = match what {
                What::Listen => "SSUBSCRIBE",
                What::Unlisten => {
                    for wish in &same {
                        self.listening.remove(&wish.channel);
                    }
                    "SUNSUBSCRIBE"
                }
            };
            // Where it fails, dropping the wishes tells their owners that the link is down.
            let replies = link.ask(command, &channels).await?;
            for (wish, reply) in same.into_iter().zip(replies) {
                if what == What::Listen && reply.is_ok() {
                    self.listening.insert(wish.channel);
                }
                let _ = wish.done.send(reply);
            }
        }
        Ok(())
    }

    /// Refuses wishes for a while; true where nobody has any more.
    async fn refuse_for(&mut self, delay: Duration) -> bool {
        let until = tokio::time::Instant::now() + delay;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                () = self.route.changes() => return false,
                wish = self.wished.recv() => {
                    let Some(wish) = wish else { return true };
                    match wish.what {
                        What::Listen => {
                            let _ = wish.done.send(Err(down()));
                        }
                        What::Unlisten => {
                            self.listening.remove(&wish.channel);
                            let _ = wish.done.send(Ok(()));
                        }
                    }
                }
            }
        }
    }
}

impl Link {
    /// One command for each channel, because Redis confirms each.
    async fn ask(
        &mut self,
        command: &str,
        channels: &[String],
    ) -> redis::RedisResult<Vec<Result<(), BackboneError>>> {
        let mut pipeline = redis::Pipeline::with_capacity(channels.len());
        for channel in channels {
            pipeline.cmd(command).arg(channel.as_str());
        }
        let values = self.connection.send_packed_commands(&pipeline, 0, channels.len()).await?;
        let mut outcomes = Vec::with_capacity(channels.len());
        for (channel, value) in channels.iter().zip(values) {
            outcomes.push(match value {
                Value::ServerError(error) => Err(refusal(&error)),
                value if concerns(&value, channel) => Ok(()),
                // A subscription that the server ends by itself looks like an answer: none can be told from now on.
                _ => return Err(RedisError::from((ErrorKind::Client, "an answer to another question"))),
            });
        }
        Ok(outcomes)
    }
}

/// Whether a confirmation is for this channel.
fn concerns(confirmation: &Value, channel: &str) -> bool {
    let (Value::Push { data, .. } | Value::Array(data)) = confirmation else { return false };
    data.iter().any(|word| matches!(word, Value::BulkString(word) if word == channel.as_bytes()))
}

async fn broken(is_broken: &mut watch::Receiver<bool>) {
    // Where the sender is gone, so is the connection's task.
    let _ = is_broken.wait_for(|&broken| broken).await;
}

/// Cuts wishes, keeping their order, into groups of one kind.
fn wishes_of_one_kind(wishes: Vec<Wish>) -> Vec<Vec<Wish>> {
    let mut groups: Vec<Vec<Wish>> = Vec::new();
    for wish in wishes {
        match groups.last_mut().filter(|group| group.first().is_some_and(|first| first.what == wish.what)) {
            Some(group) => group.push(wish),
            None => groups.push(vec![wish]),
        }
    }
    groups
}
