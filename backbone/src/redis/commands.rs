mod bundle;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use self::bundle::{Bundle, Job, Manner, Waiting};
use super::RedisConfig;
use super::backoff::Backoff;
use super::greeting::{self, Branch, deadlines};
use super::refusal::{down, unavailable};
use super::route::Route;
use super::script::Script;
use super::standing::Standing;
use super::trouble::Trouble;
use crate::BackboneError;

/// A link to Redis for commands, in the order in which they are given: while some are under way, the next gather,
/// and travel together. When the link breaks, all that are under way fail, and it is made anew.
#[derive(Clone)]
pub(super) struct Commands {
    queue: mpsc::Sender<Job>,
    /// Bytes that may still be given.
    room: Arc<Semaphore>,
    link: Arc<Link>,
}

/// What became of a command.
pub(super) type Reply = Result<Value, BackboneError>;

/// How many commands travel together at most.
const TOGETHER: usize = 256;
/// How many such bundles are under way at most; fewer than redis-rs queues, so that none waits out of order.
const UNDER_WAY: usize = 8;
/// The same of bundles that wait for a replica: while one waits, the next gathers.
const UNDER_WAY_WAITING: usize = 2;
/// How often the server is asked whether it is there, and still a primary.
const CHECK_EVERY: Duration = Duration::from_secs(1);

struct Link {
    standing: Standing,
    /// What to add to the milliseconds since `start` for the server's clock.
    clock: AtomicI64,
    start: Instant,
}

impl Commands {
    /// The link, and its task.
    pub(super) fn new(route: Route, config: &RedisConfig) -> (Self, BoxFuture<'static, ()>) {
        Self::with(route, config, config.timeout, None)
    }

    /// A link, and its task, whose replies wait until a replica has what was written: one wait serves all that
    /// travel together. Where none has it in time, nothing is known.
    pub(super) fn replicating(route: Route, config: &RedisConfig) -> (Self, BoxFuture<'static, ()>) {
        let within = config.replicated_within;
        // A bundle waits for its replica only when the ones before it no longer do.
        let all = u32::try_from(UNDER_WAY_WAITING).map_or(within, |bundles| within * bundles);
        Self::with(route, config, config.timeout + all, Some(within))
    }

    fn with(
        route: Route,
        config: &RedisConfig,
        timeout: Duration,
        replicated_within: Option<Duration>,
    ) -> (Self, BoxFuture<'static, ()>) {
        let (queue, jobs) = mpsc::channel(config.queue.max(1));
        let link =
            Arc::new(Link { standing: Standing::new(), clock: AtomicI64::new(0), start: Instant::now() });
        let task = Task { route, timeout, replicated_within, jobs, link: Arc::clone(&link) };
        let room = Arc::new(Semaphore::new(config.queue_bytes.clamp(1, u32::MAX as usize)));
        (Self { queue, room, link }, Box::pin(task.run()))
    }

    /// Takes its place in line now; the reply may be awaited whenever.
    pub(super) fn give(&self, command: Cmd) -> oneshot::Receiver<Reply> {
        self.give_in(Manner::Plain, command)
    }

    /// The same, for a server of a cluster that is only getting the key's slot.
    pub(super) fn give_asking(&self, command: Cmd) -> oneshot::Receiver<Reply> {
        self.give_in(Manner::Asking, command)
    }

    fn give_in(&self, manner: Manner, command: Cmd) -> oneshot::Receiver<Reply> {
        let (reply, replied) = oneshot::channel();
        if let Err((reply, error)) = self.try_give(manner, command, reply) {
            let _ = reply.send(Err(error));
        }
        replied
    }

    fn try_give(
        &self,
        manner: Manner,
        command: Cmd,
        reply: oneshot::Sender<Reply>,
    ) -> Result<(), (oneshot::Sender<Reply>, BackboneError)> {
        if !self.is_up() {
            return Err((reply, down()));
        }
        let bytes: usize = command
            .args_iter()
            .map(|argument| match argument {
                redis::Arg::Simple(bytes) => bytes.len(),
                _ => 0,
            })
            .sum();
        let Ok(room) =
            Arc::clone(&self.room).try_acquire_many_owned(u32::try_from(bytes).unwrap_or(u32::MAX))
        else {
            return Err((reply, unavailable("too many bytes are waiting")));
        };
        let job = Job { command, manner, waiting: Waiting { reply, _room: room } };
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) => (job.waiting.reply, unavailable("too many commands are waiting")),
            TrySendError::Closed(job) => (job.waiting.reply, down()),
        })
    }

    pub(super) fn is_up(&self) -> bool {
        self.link.standing.is_up()
    }

    /// Whether the link is up, and to whom.
    pub(super) fn standing(&self) -> &Standing {
        &self.link.standing
    }

    /// Milliseconds since 1970 by the server's clock.
    pub(super) fn now(&self) -> u64 {
        let now = self.link.elapsed() + self.link.clock.load(Ordering::Relaxed);
        u64::try_from(now).unwrap_or(0)
    }
}

/// The reply, or that it is lost.
pub(super) async fn replied(reply: oneshot::Receiver<Reply>) -> Reply {
    reply.await.unwrap_or_else(|_| Err(down()))
}

impl Link {
    fn elapsed(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn set_clock(&self, server_now: i64) {
        self.clock.store(server_now - self.elapsed(), Ordering::Relaxed);
    }
}

struct Task {
    route: Route,
    timeout: Duration,
    /// How long a bundle waits for a replica, where it does.
    replicated_within: Option<Duration>,
    jobs: mpsc::Receiver<Job>,
    link: Arc<Link>,
}

/// Why serving ended.
enum End {
    Broken(&'static str),
    /// Nobody can give commands any more.
    Over,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            match connect(&mut self.route, self.timeout).await {
                Ok((connection, server_now, branch)) => {
                    backoff = Backoff::default();
                    self.link.set_clock(server_now);
                    self.link.standing.set_up(branch);
                    let end = self.serve(connection).await;
                    self.link.standing.set_down(None);
                    match end {
                        End::Over => return,
                        End::Broken(why) => tracing::warn!(why, "lost a link to Redis"),
                    }
                }
                Err(trouble) => {
                    if let Some(trouble) = backoff.news(&trouble) {
                        tracing::warn!(%trouble, "cannot reach Redis, trying again");
                    }
                    self.link.standing.set_down(Some(trouble));
                }
            }
            self.route.doubt();
            if self.refuse_for(backoff.next_delay()).await {
                return;
            }
        }
    }

    /// Sends bundles until the link breaks.
    async fn serve(&mut self, connection: MultiplexedConnection) -> End {
        let mut under_way: FuturesOrdered<BoxFuture<'static, Bundle>> = FuturesOrdered::new();
        let mut jobs = Vec::new();
        let mut again: Vec<Job> = Vec::new();
        let within = self.replicated_within;
        let most = if within.is_some() { UNDER_WAY_WAITING } else { UNDER_WAY };
        let send = |first, jobs| bundle::send(connection.clone(), first, jobs, within).boxed();
        let checking = check(connection.clone(), self.link.standing.clone());
        tokio::pin!(checking);
        loop {
            // What Redis could not run goes first, but after all that is under way, some of which may come back too.
            if under_way.is_empty() && !again.is_empty() {
                tracing::info!("Redis has forgotten the scripts, loading them again");
                under_way.push_back(send(Script::load_all().into(), std::mem::take(&mut again)));
            }
            let may_send = again.is_empty() && under_way.len() < most;
            tokio::select! {
                biased;
                Some(bundle) = under_way.next(), if !under_way.is_empty() => match bundle {
                    Bundle::Answered => {}
                    Bundle::Redirected => self.route.doubt(),
                    Bundle::Unloaded(jobs) => again.extend(jobs),
                    Bundle::Broken => return End::Broken("an answer is missing, or is a replica's"),
                },
                () = &mut checking => return End::Broken("Redis does not answer, or is no primary any more"),
                () = self.route.changes() => return End::Broken("the primary is another"),
                count = self.jobs.recv_many(&mut jobs, TOGETHER), if may_send => {
                    if count == 0 {
                        return End::Over;
                    }
                    under_way.push_back(send(Vec::new(), std::mem::take(&mut jobs)));
                }
            }
        }
    }

    /// Refuses commands for a while; true where nobody can give any more.
    async fn refuse_for(&mut self, delay: Duration) -> bool {
        let until = Instant::now() + delay;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                () = self.route.changes() => return false,
                job = self.jobs.recv() => match job {
                    Some(job) => job.waiting.answer(Err(down())),
                    None => return true,
                },
            }
        }
    }
}

/// Connects, makes Redis know the scripts, and learns its time.
async fn connect(
    route: &mut Route,
    timeout: Duration,
) -> Result<(MultiplexedConnection, i64, Option<Branch>), Trouble> {
    let client = route.client()?;
    let (mut connection, about) = greeting::connect(&client, &deadlines(timeout), route.kind()).await?;
    for load in Script::load_all() {
        load.exec_async(&mut connection).await?;
    }
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await?;
    Ok((connection, seconds * 1000 + micros / 1000, about.branch()))
}

/// Returns once the server does not answer, or is no primary; says which history it has.
async fn check(mut connection: MultiplexedConnection, standing: Standing) {
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        let Ok(about) = greeting::ask(&mut connection, &["server", "replication"]).await else { return };
        if about.is_replica() {
            return;
        }
        standing.moves_to(about.branch());
    }
}
