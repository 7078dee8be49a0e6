//! Keeps the node's lease, and removes the members of nodes whose leases have ended.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tidewire_backbone::{BackboneError, Lease, PresenceStore, Renewed};
use tokio::time::Instant;

use super::reporting::expel;
use crate::channel::Channel;
use crate::hub::Hub;
use crate::scope::Scope;

/// Renews the lease until the node stops. Where it was lost, or news may have been missed, all members are entered
/// again under the next term; who was entered before and is not any more stays behind under the one before.
pub(crate) async fn run(hub: Arc<Hub>, lease: Duration) {
    let scope = hub.scope.clone();
    let Some(store) = scope.backbone.presence() else { return };
    let mut keeper =
        Keeper { hub: &hub, scope: &scope, store, lease, left: Vec::new(), entered: Instant::now() };
    let mut doubted = false;
    loop {
        let wait = match keeper.turn(doubted).await {
            Ok(()) => lease / 4,
            Err(error) => {
                scope.register.judge.lock().lose_touch();
                metrics::counter!("tidewire_presence_failures_total").increment(1);
                tracing::debug!(%error, "could not renew the lease");
                LATER.min(lease / 4)
            }
        };
        doubted = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = scope.register.doubt.notified() => true,
            () = scope.stop.cancelled() => return,
        };
    }
}

struct Keeper<'a> {
    hub: &'a Arc<Hub>,
    scope: &'a Arc<Scope>,
    store: &'a dyn PresenceStore,
    lease: Duration,
    /// Terms that were left: kept alive until all members are entered under the next.
    left: Vec<Lease>,
    /// When all members were entered last.
    entered: Instant,
}

impl Keeper<'_> {
    async fn turn(&mut self, doubted: bool) -> Result<(), BackboneError> {
        if doubted {
            self.doubt();
        }
        let current = self.scope.register.lease();
        let mut renewed = self.renew(current).await?;
        let is_lost = match renewed.before {
            Some(before) => before > self.lease,
            // What begins is no loss.
            None => self.scope.register.judge.lock().has_heard_of(current),
        };
        if is_lost {
            tracing::warn!("the node's lease was lost; entering its members again");
            metrics::counter!("tidewire_presence_leases_lost_total").increment(1);
            self.doubt();
            renewed = self.renew(self.scope.register.lease()).await?;
        }
        self.keep_what_was_left().await?;
        if self.entered.elapsed() > self.store.kept_for() / 3 {
            self.enter_all();
        }
        let ended = self.scope.register.judge.lock().hear(self.scope.clock.now(), &renewed.leases);
        for lease in ended.into_iter().filter(|lease| self.is_to_be_expelled(*lease)) {
            self.expel_everywhere(lease).await;
        }
        self.say_counts().await
    }

    async fn renew(&self, lease: Lease) -> Result<Renewed, BackboneError> {
        self.scope.in_time(self.store.renew(lease)).await
    }

    /// What was entered may be lost, who has left may be there again, and who watches may have missed it.
    fn doubt(&mut self) {
        self.left.push(self.scope.register.lease());
        if self.left.len() > MOST_LEFT {
            self.left.remove(0);
        }
        self.scope.register.next_term();
        self.scope.register.judge.lock().lose_touch();
        for channel in self.channels() {
            channel.doubt_who_is_there();
        }
        self.enter_all();
    }

    fn enter_all(&mut self) {
        self.entered = Instant::now();
        for channel in self.channels() {
            channel.enter_all();
        }
    }

    /// While some members are entered under an old term only, that one has not ended.
    async fn keep_what_was_left(&mut self) -> Result<(), BackboneError> {
        if self.left.is_empty() {
            return Ok(());
        }
        let current = self.scope.register.lease();
        if self.channels().iter().all(|channel| channel.has_entered_all(current)) {
            self.left.clear();
        }
        for lease in &self.left {
            self.renew(*lease).await?;
        }
        Ok(())
    }

    fn is_to_be_expelled(&self, lease: Lease) -> bool {
        lease != self.scope.register.lease() && !self.left.contains(&lease)
    }

    async fn expel_everywhere(&self, lease: Lease) {
        let node = format!("{:016x}", lease.node);
        tracing::info!(node, lease.term, "a lease has ended; removing who was entered under it");
        metrics::counter!("tidewire_presence_leases_ended_total").increment(1);
        let channels = futures_util::stream::iter(self.channels());
        channels
            .for_each_concurrent(AT_ONCE, |channel| async move {
                expel(self.scope, &channel.name, lease).await;
            })
            .await;
    }

    /// Tells those who watch, and may have missed something, how many are there now.
    async fn say_counts(&self) -> Result<(), BackboneError> {
        for channel in self.channels() {
            if channel.owes_counts() {
                let present = self.scope.in_time(self.store.present(&channel.name, None, 0)).await?;
                channel.say_counts(present.crowd.counts);
            }
        }
        Ok(())
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        self.hub.channels().filter(|channel| channel.has_presence()).collect()
    }
}

/// Until a renewal that failed is tried again.
const LATER: Duration = Duration::from_millis(500);
/// Terms that are kept alive beside the current one, when one doubt follows another.
const MOST_LEFT: usize = 8;
/// Channels from which members are removed at one time.
const AT_ONCE: usize = 64;
