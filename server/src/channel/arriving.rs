//! From the backbone to the outboxes.

use std::sync::Arc;

use bytes::Bytes;
use tidewire_backbone::{Entry, EphemeralPublication};
use tidewire_protocol::{Codec, Ephemeral, Position, ServerFrame};

use super::subscriber::Place;
use super::{Channel, Stage, State};
use crate::batch::Batch;
use crate::frame::encoded;
use crate::history::publication;
use crate::outbox::Offered;

impl Channel {
    /// A log took an entry: passes it on if it is what follows the ring's tip, verifies the ring otherwise.
    pub(crate) fn arrive(self: &Arc<Self>, entry: Entry, batch: &mut Batch) {
        let mut state = self.state.lock();
        match state.stage {
            Stage::Sweeping => self.wait(&mut state, entry),
            Stage::Settled => {
                if !self.accept(&mut state, entry, batch) {
                    metrics::counter!("tidewire_arrivals_doubted_total").increment(1);
                    self.sweep(&mut state);
                }
            }
            // Without a verified ring nobody is subscribed, and the first to come reads the log.
            Stage::Unknown | Stage::Leaving | Stage::Left => {}
        }
    }

    /// A log took an entry that did not travel with the news.
    pub(crate) fn announce(self: &Arc<Self>, position: Position) {
        let mut state = self.state.lock();
        if !state.ring.as_ref().is_some_and(|ring| ring.run().holds(position)) {
            self.sweep(&mut state);
        }
    }

    /// Whether there is a ring, whose verification finds out too what the log lacks.
    pub(crate) fn has_ring(&self) -> bool {
        self.state.lock().ring.is_some()
    }

    /// News may have been missed.
    pub(crate) fn interrupt(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if !self.is_ephemeral() {
            self.sweep(&mut state);
        }
    }

    /// Passes an ephemeral publication to all who have room for it.
    pub(crate) fn pass(&self, publication: EphemeralPublication, batch: &mut Batch) {
        let EphemeralPublication { payload, user } = publication;
        let frame = ServerFrame::Ephemeral(Ephemeral { alias: self.alias, payload, user });
        let mut encodings = Encodings::of(&frame);
        let mut dropped = 0;
        for subscriber in self.state.lock().subscribers.values() {
            let connection = &subscriber.connection;
            if batch.offer(connection, encodings.get(connection.codec())) == Offered::Full {
                dropped += 1;
            }
        }
        metrics::counter!("tidewire_ephemeral_dropped_total").increment(dropped);
    }

    /// Takes an entry that the ring has already or that follows its tip. `false`: neither.
    pub(super) fn accept(self: &Arc<Self>, state: &mut State, entry: Entry, batch: &mut Batch) -> bool {
        let Some(ring) = &mut state.ring else { return false };
        if ring.run().holds(entry.position) {
            return true;
        }
        let tip = ring.run().tip();
        let fits = tip.then(entry.id()) == entry.position;
        if fits || (!self.scope.switches.tags && entry.position.offset > tip.offset) {
            let now = self.scope.clock.now();
            state.current = now;
            self.append(state, entry, now, batch);
        }
        fits || !self.scope.switches.tags
    }

    /// Appends what follows the ring's tip, and was heard of at this moment; queues it for all who are live.
    pub(super) fn append(self: &Arc<Self>, state: &mut State, entry: Entry, heard: u64, batch: &mut Batch) {
        let Some(ring) = &mut state.ring else { return };
        let before = ring.run().tip();
        let frame = ServerFrame::Publication(publication(&entry).delivered_as(self.alias));
        self.healing.meet(&entry);
        ring.push(entry, heard);
        let mut encodings = Encodings::of(&frame);
        let mut delivered = 0;
        for subscriber in state.subscribers.values_mut().filter(|one| one.place == Place::Live) {
            let connection = &subscriber.connection;
            match batch.offer(connection, encodings.get(connection.codec())) {
                Offered::Queued => delivered += 1,
                Offered::Full => {
                    subscriber.place = Place::behind(before);
                    connection.outbox.lag(self.clone());
                    metrics::counter!("tidewire_subscriptions_behind_total").increment(1);
                }
            }
        }
        metrics::counter!("tidewire_deliveries_total").increment(delivered);
    }

    fn wait(&self, state: &mut State, entry: Entry) {
        if state.waiting.len() >= self.scope.limits.arrivals_in_doubt {
            state.waiting.clear();
            state.again = true;
        }
        state.waiting.push(entry);
    }
}

/// A frame in each codec that somebody needs, encoded once.
pub(super) struct Encodings<'a> {
    frame: &'a ServerFrame,
    binary: Option<Bytes>,
    json: Option<Bytes>,
}

impl<'a> Encodings<'a> {
    pub(super) fn of(frame: &'a ServerFrame) -> Self {
        Self { frame, binary: None, json: None }
    }

    pub(super) fn get(&mut self, codec: Codec) -> &Bytes {
        let known = match codec {
            Codec::Binary => &mut self.binary,
            Codec::Json => &mut self.json,
        };
        known.get_or_insert_with(|| encoded(codec, self.frame))
    }
}
