use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidewire_backbone::{Appended, Backbone, BackboneError, Draft, Retention};
use tidewire_protocol::{ChannelName, CloseCode, Payload, Position, RefusalCode};
#[cfg(feature = "simulation")]
use tidewire_protocol::{PublisherId, Seq};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, millis};
use crate::connections::Connections;
use crate::drain::{self, AlreadyDraining, Departure, Stage};
use crate::healing::Tally;
use crate::history::{self, Page};
use crate::hub::Hub;
use crate::moving::{self, Percent};
use crate::presence::{PresencePage, Register, reading};
use crate::scope::Scope;
use crate::switches::Switches;
use crate::tunnel::Tunnels;
use crate::{Author, Closing, Drain, NamespaceSettings, Policy, Refusal, Settings};

/// A handle on a running node, with which the application takes part. Cheap to clone.
///
/// What is done through it asks no [`Policy`]; the limits of the channel's namespace hold.
#[derive(Clone)]
pub struct Node(pub(crate) Arc<Inner>);

/// What all tasks of a node share.
pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) scope: Arc<Scope>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) connections: Arc<Connections>,
    /// The connections' tasks.
    pub(crate) links: TaskTracker,
    pub(crate) clock: Clock,
    pub(crate) departure: Departure,
}

impl Node {
    /// The node's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The settings that the node runs with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Publishes to a channel. Subscribers get it as from any client; doing it again with the same author is
    /// harmless.
    ///
    /// # Errors
    /// A refusal; [`RefusalCode::Unavailable`] means that it may or may not be in the log.
    pub async fn publish(
        &self,
        channel: &ChannelName,
        payload: Payload,
        author: Author,
    ) -> Result<Appended, Refusal> {
        let Author { publisher, seq, user } = author;
        let appended = self.0.append(channel, Draft { publisher, seq, payload, user, force: false })?;
        self.0.in_time(appended).await
    }

    /// Reads a part of a channel's log: what follows `since`, or else the newest; at most `limit` publications,
    /// 0 for as many as one page may have.
    ///
    /// # Errors
    /// A refusal, for example where the namespace keeps no log.
    pub async fn history(
        &self,
        channel: &ChannelName,
        since: Option<Position>,
        limit: u64,
    ) -> Result<Page, Refusal> {
        history::read(&self.0, channel, since, limit).await
    }

    /// Reads who is in a channel: those after `after`, the `next` of an earlier page, or else the first; at most
    /// `limit` members, 0 for as many as one page may have.
    ///
    /// # Errors
    /// A refusal, for example where the namespace does not tell.
    pub async fn presence(
        &self,
        channel: &ChannelName,
        after: Option<&str>,
        limit: u64,
    ) -> Result<PresencePage, Refusal> {
        reading::read(&self.0, channel, after, limit).await
    }

    /// Ends a user's connections; answers how many. With [`CloseCode::Disconnected`] they do not come back.
    pub fn disconnect(&self, user: &str, code: CloseCode, reason: &str) -> usize {
        let of_user = self.0.connections.all().filter(|connection| connection.is_of(user));
        of_user.inspect(|connection| connection.outbox.close(Closing::new(code, reason))).count()
    }

    /// Goes away: takes no new connections, tells all clients to open another one at a random moment within
    /// `spread`, closes who is left after `within`, and ends the node's tasks. If it is draining already, that goes
    /// on as it began.
    pub async fn drain(&self, within: Duration, spread: Duration) {
        drain::drain(&self.0, Drain { within, spread }).await;
    }

    /// Begins to go away as [`Settings::drain`] says, and goes on answering when all clients have left, until it is
    /// stopped by [`Node::drain`]; see [`Node::stage`].
    ///
    /// # Errors
    /// It has begun already.
    pub fn start_draining(&self) -> Result<(), AlreadyDraining> {
        drain::begin(&self.0, self.0.settings.drain)
    }

    /// Asks a share of the clients, chosen evenly, to open another connection and leave this one, as after nodes were
    /// added behind a balancer; answers how many. Who was asked before is not asked again, and nobody is closed.
    pub fn shed(&self, share: Percent) -> usize {
        moving::shed(&self.0, share)
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.0.connections.count()
    }

    /// How many channels somebody on this node is, or recently was, subscribed to.
    pub fn channels(&self) -> usize {
        self.0.hub.count()
    }

    /// How many connections are subscribed to a channel on this node.
    pub fn occupancy(&self, channel: &ChannelName) -> usize {
        self.0.hub.find(channel).map_or(0, |channel| channel.occupancy())
    }

    /// Whether the node should be sent new connections: it is not draining, and its backbone answers.
    pub fn is_ready(&self) -> bool {
        !self.is_draining() && self.0.scope.backbone.is_ready()
    }

    /// Whether the node is on its way out.
    pub fn is_draining(&self) -> bool {
        self.stage() != Stage::Serving
    }

    /// How far the node is on its way out.
    pub fn stage(&self) -> Stage {
        self.0.departure.stage()
    }
}

#[cfg(feature = "simulation")]
impl Node {
    /// What this node would append to a channel's log again if the log lost it, and for how many milliseconds yet.
    pub fn keeps(&self, channel: &ChannelName) -> Vec<(PublisherId, Seq, u64)> {
        let hub = &self.0.hub;
        let mut kept = hub.healings.find(channel).map(|healing| healing.kept()).unwrap_or_default();
        kept.extend(hub.find(channel).into_iter().flat_map(|channel| channel.kept()));
        kept
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.0.name).finish()
    }
}

impl Inner {
    pub(crate) fn new(
        settings: Settings,
        backbone: Arc<dyn Backbone>,
        policy: Arc<dyn Policy>,
        switches: Switches,
    ) -> Arc<Self> {
        let clock = Clock::start();
        let scope = Arc::new(Scope {
            backbone,
            limits: settings.limits.clone(),
            patience: settings.backbone_patience,
            settle: millis(settings.settle),
            switches,
            clock,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            sweeps: Semaphore::new(SWEEPS),
            tally: Tally::default(),
            register: Register::new(settings.presence_lease),
            interruptions: AtomicU64::new(0),
            tunnels: Arc::new(Tunnels::new(settings.limits.forwards)),
        });
        let departure = Departure::new(settings.drain);
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let shards = settings.shards.unwrap_or(cores).get();
        let name = match settings.node.as_str() {
            "" => format!("{:08x}", rand::random::<u32>()),
            name => name.to_owned(),
        };
        Arc::new(Self {
            name,
            settings,
            hub: Arc::new(Hub::new(shards, scope.clone())),
            scope,
            policy,
            connections: Arc::default(),
            links: TaskTracker::new(),
            clock,
            departure,
        })
    }

    /// The settings of a channel's namespace, or the refusal of a namespace that is not there.
    pub(crate) fn namespace(&self, channel: &ChannelName) -> Result<&NamespaceSettings, Refusal> {
        // The same words as a policy's: who may not enter does not learn what is there.
        self.settings
            .namespaces
            .of(channel)
            .ok_or_else(|| Refusal::new(RefusalCode::Forbidden, format!("not allowed in {channel}")))
    }

    /// Whether there are channels of which it is told who is there.
    pub(crate) fn tells_presence(&self) -> bool {
        self.settings.namespaces.any_has_presence() && self.scope.backbone.presence().is_some()
    }

    /// Hands a publication to the backbone, which gives it its place in line before this returns.
    pub(crate) fn append(
        &self,
        channel: &ChannelName,
        draft: Draft,
    ) -> Result<BoxFuture<'static, Result<Appended, BackboneError>>, Refusal> {
        let namespace = self.namespace(channel)?;
        namespace.check(&draft.payload)?;
        if draft.seq == 0 && namespace.retention != Retention::None {
            return Err(Refusal::new(RefusalCode::BadSeq, "the seq of a publish begins with 1"));
        }
        metrics::counter!("tidewire_publishes_total").increment(1);
        if namespace.retention == Retention::None || !self.scope.switches.healing {
            return Ok(self.scope.publish(channel, draft, namespace.retention));
        }
        let sent = self.hub.healings.of(channel, namespace.retention).sends(&draft);
        let answer = self.scope.publish(channel, draft, namespace.retention);
        Ok(answer.inspect(|answer| sent.answered(answer)).boxed())
    }

    /// Waits for the backbone, as long as the settings say, and puts its failure into words for a client.
    pub(crate) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, BackboneError>>,
    ) -> Result<T, Refusal> {
        self.until(self.deadline(), answer).await
    }

    /// When whoever asks the backbone now gives up.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.settings.backbone_patience
    }

    /// The same, where the question was asked earlier.
    pub(crate) async fn until<T>(
        &self,
        deadline: Instant,
        answer: impl Future<Output = Result<T, BackboneError>>,
    ) -> Result<T, Refusal> {
        let failed = match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the backbone did not answer in time".to_owned(),
        };
        metrics::counter!("tidewire_backbone_failures_total").increment(1);
        // Counted, and not a line each: that the backbone is away is said once, by who watches over readiness.
        tracing::debug!(error = failed, "a request got no answer from the backbone");
        Err(Refusal::new(RefusalCode::Unavailable, "the log cannot be reached now, try again later"))
    }
}

/// Channels that are verified at one time.
const SWEEPS: usize = 256;
