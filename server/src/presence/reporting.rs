//! From the channels' notes to the backbone: at once where nothing is under way, else together with what came
//! meanwhile. Of one channel one report is under way at a time, so that its changes keep their order.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tidewire_backbone::{BackboneError, Crowd, Lease, PresenceStore};
use tidewire_protocol::ChannelName;
use tokio::sync::Semaphore;

use crate::channel::{Channel, Notes};
use crate::scope::Scope;

/// Reports until the node stops; then once more what is still to be said.
pub(crate) async fn run(scope: Arc<Scope>) {
    let permits = Semaphore::new(AT_ONCE);
    let mut under_way = FuturesUnordered::new();
    loop {
        for channel in scope.register.take_reports() {
            under_way.push(report(&scope, channel, &permits));
        }
        tokio::select! {
            () = scope.register.reported.notified() => {}
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            () = scope.stop.cancelled() => break,
        }
    }
    for channel in scope.register.take_reports() {
        under_way.push(report(&scope, channel, &permits));
    }
    let last = async { while under_way.next().await.is_some() {} };
    if tokio::time::timeout(LAST, last).await.is_err() {
        tracing::warn!("could not say who has left; the other nodes find out");
    }
}

/// Reports what a channel has noted, until it has nothing more.
async fn report(scope: &Arc<Scope>, channel: Arc<Channel>, permits: &Semaphore) {
    let Some(store) = scope.backbone.presence() else { return };
    while let Some(notes) = channel.take_notes() {
        let sent = {
            let _permit = permits.acquire().await;
            send(scope, store, &channel.name, &notes).await
        };
        match sent {
            Ok(crowd) => {
                channel.noted(notes);
                expel_ended(scope, &channel.name, &crowd).await;
                pause(scope, GATHER).await;
            }
            Err(error) => {
                metrics::counter!("tidewire_presence_failures_total").increment(1);
                tracing::debug!(channel = %channel.name, %error, "could not say who joined and left");
                channel.put_back(notes);
                if scope.stop.is_cancelled() {
                    return;
                }
                pause(scope, LATER).await;
            }
        }
    }
}

async fn send(
    scope: &Scope,
    store: &dyn PresenceStore,
    channel: &ChannelName,
    notes: &Notes,
) -> Result<Crowd, BackboneError> {
    let mut crowd = Crowd::default();
    if !notes.left.is_empty() {
        crowd = scope.in_time(store.leave(channel, &notes.left)).await?;
    }
    if !notes.entered.is_empty() {
        crowd = scope.in_time(store.enter(channel, notes.lease, &notes.entered)).await?;
    }
    Ok(crowd)
}

/// Removes from a channel who is filed there under a lease that has ended; answers whether there were any.
pub(crate) async fn expel_ended(scope: &Scope, channel: &ChannelName, crowd: &Crowd) -> bool {
    let ended = scope.register.judge.lock().ended(scope.clock.now(), &crowd.leases);
    for lease in &ended {
        expel(scope, channel, *lease).await;
    }
    !ended.is_empty()
}

/// Removes from a channel who is filed there under a lease.
pub(crate) async fn expel(scope: &Scope, channel: &ChannelName, lease: Lease) {
    let Some(store) = scope.backbone.presence() else { return };
    match scope.in_time(store.expel(channel, lease)).await {
        Ok(expelled) => metrics::counter!("tidewire_presence_expelled_total").increment(expelled as u64),
        // Whoever looks at the channel next finds them again.
        Err(error) => {
            metrics::counter!("tidewire_presence_failures_total").increment(1);
            tracing::debug!(%channel, %error, "could not remove the members of a node that has ended");
        }
    }
}

/// Nobody waits while the node stops.
async fn pause(scope: &Scope, length: Duration) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        () = scope.stop.cancelled() => {}
    }
}

/// Reports under way at one time.
const AT_ONCE: usize = 256;
/// How long a channel's changes gather after a report.
const GATHER: Duration = Duration::from_millis(100);
/// Until a report that failed is tried again.
const LATER: Duration = Duration::from_millis(500);
/// How long a node that stops goes on reporting.
const LAST: Duration = Duration::from_secs(3);
