use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use tidewire_protocol::ChannelName;
use tokio::sync::{Notify, watch};

use super::routes::Routes;
use super::wanted::{Asked, Wanted};
use crate::outlet::Outlet;
use crate::redis::RedisHost;
use crate::redis::keys::Keys;
use crate::redis::primary::Primary;
use crate::{Arrival, Interrupted};

/// Sees to it that every channel the node listens to is subscribed to at who has it now, and tells the node of
/// those that were elsewhere, or nowhere, meanwhile.
pub(super) struct Listening {
    pub(super) keys: Keys,
    pub(super) wanted: Arc<Wanted>,
    pub(super) routes: watch::Receiver<Arc<Routes>>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) doubts: Arc<Notify>,
}

/// How long to wait before those that nobody took are tried again.
const PAUSE: Duration = Duration::from_millis(50);
/// How many channels one server is asked for at once.
const TOGETHER: usize = 512;

impl Listening {
    pub(super) async fn run(mut self) {
        let mut asking = FuturesUnordered::new();
        // A server that does not answer must not keep others from being asked.
        let mut busy: HashSet<RedisHost> = HashSet::new();
        loop {
            let is_settled = self.ask_around(&mut busy, |question| asking.push(question));
            tokio::select! {
                Some(asked) = asking.next(), if !asking.is_empty() => {
                    let Returned { host, channels, are_all } = asked;
                    busy.remove(&host);
                    if !channels.is_empty() {
                        tracing::info!(server = %host, channels = channels.len(), "subscribed again");
                        self.outlet.deliver(Arrival::Interrupted(Interrupted::Channels(channels)));
                    }
                    if !are_all {
                        self.doubts.notify_one();
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                () = self.wanted.losses.notified() => self.doubts.notify_one(),
                changed = self.routes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(PAUSE), if !is_settled => {}
            }
        }
    }

    /// Begins to ask for what is astray; false where somebody is missing whom to ask.
    fn ask_around(
        &mut self,
        busy: &mut HashSet<RedisHost>,
        mut begin: impl FnMut(BoxFuture<'static, Returned>),
    ) -> bool {
        let routes = Arc::clone(&self.routes.borrow_and_update());
        let owner = |channel: &ChannelName| {
            let (host, _) = routes.of_slot(self.keys.slot(channel))?;
            (!busy.contains(host)).then(|| host.clone())
        };
        let mut is_settled = true;
        let astray = self.wanted.astray(owner);
        for (host, channels) in astray {
            match routes.primaries.get(&host) {
                Some(primary) => {
                    busy.insert(host.clone());
                    begin(Box::pin(ask(host, Arc::clone(primary), Arc::clone(&self.wanted), channels)));
                }
                None => is_settled = false,
            }
        }
        is_settled
    }
}

/// What came of asking one server.
struct Returned {
    host: RedisHost,
    /// Those that it has confirmed, and that are still wanted.
    channels: Vec<ChannelName>,
    are_all: bool,
}

async fn ask(
    host: RedisHost,
    primary: Arc<Primary>,
    wanted: Arc<Wanted>,
    astray: Vec<ChannelName>,
) -> Returned {
    let mut channels = Vec::with_capacity(astray.len());
    let mut are_all = true;
    for some in astray.chunks(TOGETHER) {
        let outcomes = join_all(some.iter().map(|channel| primary.subscriptions.listen(channel))).await;
        for (channel, outcome) in some.iter().zip(outcomes) {
            match outcome {
                Ok(()) if wanted.confirm(channel, &host) => channels.push(channel.clone()),
                // Best effort: a subscription that nobody wants costs little.
                Ok(()) => drop(primary.subscriptions.unlisten(channel).await),
                Err(_) => {
                    are_all = false;
                    wanted.fail(channel, Asked::Again);
                }
            }
        }
    }
    Returned { host, channels, are_all }
}
