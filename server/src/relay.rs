//! From the backbone's arrivals to the channels: one ordered task per shard, never a task per publication.

use std::sync::Arc;

use tidewire_backbone::{Arrival, Arrivals, Interrupted};
use tidewire_protocol::ChannelName;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::batch::Batch;
use crate::hub::Hub;
use crate::panics::contained;
use crate::scope::Scope;
use crate::tunnel;

/// Begins to relay. The queues to the shards are bounded; a shard that does not keep up makes the backbone wait.
pub(crate) fn start(hub: &Arc<Hub>, scope: &Scope, arrivals: Arrivals) {
    let mut shards = Vec::new();
    for shard in 0..hub.shards() {
        let (queue, queued) = mpsc::channel(QUEUE);
        shards.push(queue);
        scope.tasks.spawn(relay(hub.clone(), shard, queued));
    }
    scope.tasks.spawn(distribute(hub.clone(), arrivals, shards, scope.stop.clone()));
}

async fn distribute(
    hub: Arc<Hub>,
    mut arrivals: Arrivals,
    shards: Vec<mpsc::Sender<Arrival>>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let count = tokio::select! {
            count = arrivals.recv_many(&mut batch, BATCH) => count,
            () = stop.cancelled() => return,
        };
        if count == 0 {
            tracing::error!("the backbone's arrivals have ended");
            return;
        }
        for arrival in batch.drain(..) {
            if let Some(channel) = channel_of(&arrival) {
                let shard = hub.shard_of(channel);
                if shards[shard].send(arrival).await.is_err() {
                    return;
                }
                continue;
            }
            hub.scope.is_interrupted();
            hub.scope.register.doubt.notify_one();
            for shard in &shards {
                if shard.send(arrival.clone()).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn relay(hub: Arc<Hub>, shard: usize, mut queue: mpsc::Receiver<Arrival>) {
    let mut arrivals = Vec::with_capacity(BATCH);
    let mut batch = Batch::default();
    loop {
        let count = match batch.due() {
            None => queue.recv_many(&mut arrivals, BATCH).await,
            Some(due) => tokio::select! {
                count = queue.recv_many(&mut arrivals, BATCH) => count,
                () = hub.scope.clock.until(due) => {
                    batch.write(hub.scope.clock.now()).await;
                    continue;
                }
            },
        };
        if count == 0 {
            return;
        }
        let mut coming = arrivals.drain(..).peekable();
        while let Some(arrival) = coming.next() {
            let goes_on = coming.peek().is_some_and(|next| channel_of(next) == channel_of(&arrival));
            // What goes wrong with one arrival must not silence the shard; the next arrival finds the hole by its tag.
            if contained("relay", || handle(&hub, shard, arrival, &mut batch)).is_none() {
                tracing::error!("an arrival could not be relayed");
            }
            // Those of one channel travel together. Of many small ones no more is queued than stays in the cache
            // until it is written.
            if !goes_on && batch.len() >= ENOUGH {
                batch.write(hub.scope.clock.now()).await;
            }
        }
        batch.write(hub.scope.clock.now()).await;
    }
}

fn handle(hub: &Hub, shard: usize, arrival: Arrival, batch: &mut Batch) {
    let Some(arrival) = hub.scope.switches.arrival(arrival) else { return };
    match arrival {
        Arrival::Published(channel, entry) => {
            metrics::counter!("tidewire_arrivals_total").increment(1);
            if let Some(channel) = hub.find_in(shard, &channel) {
                channel.arrive(entry, batch);
            }
        }
        Arrival::Announced(channel, position) => {
            metrics::counter!("tidewire_arrivals_total").increment(1);
            if let Some(channel) = hub.find_in(shard, &channel) {
                channel.announce(position);
            }
        }
        Arrival::Ephemeral(channel, publication) if channel.namespace() == tunnel::NODES => {
            tunnel::answer(&hub.scope, publication.payload);
        }
        Arrival::Ephemeral(channel, publication) => {
            metrics::counter!("tidewire_arrivals_total").increment(1);
            if let Some(channel) = hub.find_in(shard, &channel) {
                channel.pass(publication, batch);
            }
        }
        Arrival::Presence(channel, change) => {
            if let Some(channel) = hub.find_in(shard, &channel) {
                channel.change_presence(change);
            }
        }
        Arrival::Interrupted(Interrupted::All) => {
            metrics::counter!("tidewire_interruptions_total").increment(1);
            hub.interrupt(shard);
        }
        Arrival::Interrupted(Interrupted::Channels(channels)) => {
            metrics::counter!("tidewire_interruptions_total").increment(1);
            for name in channels.iter().filter(|name| hub.shard_of(name) == shard) {
                hub.interrupt_one(name);
            }
        }
    }
}

/// The channel that an arrival is about; `None` where it is about several.
fn channel_of(arrival: &Arrival) -> Option<&ChannelName> {
    match arrival {
        Arrival::Published(channel, _)
        | Arrival::Announced(channel, _)
        | Arrival::Ephemeral(channel, _)
        | Arrival::Presence(channel, _) => Some(channel),
        Arrival::Interrupted(_) => None,
    }
}

/// Arrivals that wait for one shard.
const QUEUE: usize = 1024;
/// Arrivals that are taken from the backbone at once.
const BATCH: usize = 64;
/// Connections that are enough to be written before more is queued.
const ENOUGH: usize = 64;
