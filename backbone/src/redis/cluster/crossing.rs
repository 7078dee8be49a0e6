use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use redis::{Cmd, Value};
use tidewire_protocol::ChannelName;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::BackboneError;
use crate::redis::commands::{Commands, Reply, replied};
use crate::redis::keys::Keys;
use crate::redis::primary::Primary;
use crate::redis::refusal::{down, unavailable};
use crate::redis::script::{self, Script};
use crate::redis::{RedisHost, RedisLogin, message};

/// A slot on its way from one primary to another.
///
/// A channel has keys that come and go. While its slot moves, the old primary refuses a script that names several
/// keys of which some are missing there, and so does the new one; one that moves slowly would refuse a channel for
/// as long. So the keys of a channel that is used are moved first, all at once, as whoever moves the slot is about
/// to do; from then on its scripts run on the new primary, naming one key. Subscribers are still at the old one,
/// until the slot has moved: what is news to them is announced there too.
///
/// Where keys may not be moved, a channel is refused from when its first key moves until its last has.
pub(in crate::redis) struct Crossing {
    from: Arc<Primary>,
    to: Arc<Primary>,
    queue: mpsc::Sender<Passage>,
}

/// Where a slot goes, and who may have it moved.
pub(super) struct Target {
    pub(super) host: RedisHost,
    pub(super) login: RedisLogin,
    /// How long the old primary may be held up by a new one that it cannot reach.
    pub(super) timeout: Duration,
}

struct Passage {
    channel: ChannelName,
    script: &'static Script,
    command: Cmd,
    reply: oneshot::Sender<Reply>,
}

impl Passage {
    /// Its link to a primary.
    fn link<'p>(&self, primary: &'p Primary) -> &'p Commands {
        match *self.script == *script::PUBLISH {
            true => primary.appending(&self.channel),
            false => &primary.publishing,
        }
    }
}

/// How many commands wait at most, and are under way at most.
const QUEUE: usize = 1024;
const UNDER_WAY: usize = 256;
/// How long it is not tried again to move keys, after that went wrong.
const PAUSE: Duration = Duration::from_secs(10);

impl Crossing {
    /// The crossing, and its task, which ends some time after the crossing.
    pub(super) fn new(
        from: Arc<Primary>,
        to: Arc<Primary>,
        target: Target,
        keys: Keys,
        doubts: Arc<Notify>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, passages) = mpsc::channel(QUEUE);
        let task = Task {
            from: Arc::clone(&from),
            to: Arc::clone(&to),
            target,
            keys,
            doubts,
            passages,
            moved: HashSet::new(),
            not_before: Instant::now(),
        };
        (Self { from, to, queue }, task.run())
    }

    /// As [`Commands::give`].
    pub(in crate::redis) fn give(&self, channel: &ChannelName, command: Cmd) -> oneshot::Receiver<Reply> {
        let Some(script) = Script::called_by(&command) else {
            // What needs no keys, needs no detour.
            return self.from.publishing.give(command);
        };
        let (reply, replied) = oneshot::channel();
        let passage = Passage { channel: channel.clone(), script, command, reply };
        if let Err(error) = self.queue.try_send(passage) {
            let (passage, error) = match error {
                TrySendError::Full(passage) => (passage, unavailable("too many commands are waiting")),
                TrySendError::Closed(passage) => (passage, down()),
            };
            let _ = passage.reply.send(Err(error));
        }
        replied
    }

    pub(super) fn is_between(&self, from: &Arc<Primary>, to: &Arc<Primary>) -> bool {
        Arc::ptr_eq(&self.from, from) && Arc::ptr_eq(&self.to, to)
    }

    /// As [`Commands::now`].
    pub(in crate::redis) fn now(&self) -> u64 {
        self.to.publishing.now()
    }
}

struct Task {
    from: Arc<Primary>,
    to: Arc<Primary>,
    target: Target,
    keys: Keys,
    doubts: Arc<Notify>,
    passages: mpsc::Receiver<Passage>,
    /// The channels of which the old primary has nothing any more.
    moved: HashSet<ChannelName>,
    /// When keys may be moved again.
    not_before: Instant,
}

impl Task {
    async fn run(mut self) {
        let mut under_way = FuturesOrdered::new();
        loop {
            tokio::select! {
                biased;
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                passage = self.passages.recv(), if under_way.len() < UNDER_WAY => {
                    let Some(passage) = passage else { break };
                    if self.is_moved(&passage.channel).await {
                        let link = passage.link(&self.to);
                        let replied = link.give_asking(passage.script.naming_one_key(&passage.command));
                        under_way.push_back(self.complete(passage, replied));
                    } else {
                        self.try_both(passage).await;
                    }
                }
            }
        }
        while let Some(()) = under_way.next().await {}
    }

    /// Waits for the new primary's reply, announces what it did, and hands it on.
    fn complete(
        &self,
        passage: Passage,
        replied_with: oneshot::Receiver<Reply>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let live = self.keys.live(&passage.channel);
        let announcing = self.from.publishing.clone();
        let doubts = Arc::clone(&self.doubts);
        async move {
            let reply = replied(replied_with).await;
            match &reply {
                Ok(reply) => announce(&announcing, &live, passage.script, reply),
                Err(_) => doubts.notify_one(),
            }
            // The caller may have gone; then nobody needs the reply.
            let _ = passage.reply.send(reply);
        }
    }

    /// Whether the old primary has nothing of the channel any more.
    async fn is_moved(&mut self, channel: &ChannelName) -> bool {
        if self.moved.contains(channel) {
            return true;
        }
        if Instant::now() < self.not_before {
            return false;
        }
        match replied(self.from.reading.give(self.migrate(channel))).await {
            Ok(_) => {
                self.moved.insert(channel.clone());
                true
            }
            // It has moved, and the map does not know yet.
            Err(BackboneError::Unavailable(text)) if text.starts_with("MOVED ") => {
                self.doubts.notify_one();
                false
            }
            Err(error) => {
                tracing::warn!(
                    %channel, to = %self.target.host, %error,
                    "a slot is being moved, and a channel's keys cannot be moved along with it"
                );
                self.not_before = Instant::now() + PAUSE;
                self.doubts.notify_one();
                false
            }
        }
    }

    /// Moves what there is of a channel's keys; that there is nothing is fine too.
    fn migrate(&self, channel: &ChannelName) -> Cmd {
        let Target { host, login, timeout } = &self.target;
        let mut command = redis::cmd("MIGRATE");
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        command.arg(&host.name).arg(host.port).arg("").arg(0).arg(timeout);
        match (&login.user, &login.password) {
            (Some(user), Some(password)) => {
                command.arg("AUTH2").arg(user).arg(password);
            }
            (None, Some(password)) => {
                command.arg("AUTH").arg(password);
            }
            (_, None) => {}
        }
        command.arg("KEYS").arg(self.keys.all(channel));
        command
    }

    /// Asks the old primary; where that has nothing of the channel, the new one has everything.
    async fn try_both(&mut self, passage: Passage) {
        let reply = replied(passage.link(&self.from).give(passage.command.clone())).await;
        match &reply {
            Err(BackboneError::Unavailable(text)) if text.starts_with("ASK ") => {
                let command = passage.script.naming_one_key(&passage.command);
                let replied = passage.link(&self.to).give_asking(command);
                self.complete(passage, replied).await;
            }
            _ => {
                self.doubts.notify_one();
                let _ = passage.reply.send(reply);
            }
        }
    }
}

/// Tells subscribers at a primary what a script has done at another.
fn announce(commands: &Commands, live: &str, script: &Script, reply: &Value) {
    let news = match reply {
        Value::BulkString(reply) if *script == *script::PUBLISH => message::announcement(reply),
        // They read who is there.
        _ if *script == *script::PRESENCE_CHANGE => Some(Vec::new()),
        _ => None,
    };
    if let Some(news) = news {
        let mut command = redis::cmd("SPUBLISH");
        command.arg(live).arg(news);
        // Where it fails, so do the subscriptions there.
        drop(commands.give(command));
    }
}
