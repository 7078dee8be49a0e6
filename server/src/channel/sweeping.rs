//! Verifying a channel's positions against its log: when it is first listened to, and in every doubt.
//!
//! The steps are those of the executable model of delivery: survey, then adopt. What an earlier arrival said is
//! dropped when the read begins, for the read then has it, or the log has lost it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tidewire_backbone::{Answer, BackboneError, Entry, Run};
use tidewire_protocol::{Position, ResetReason};

use super::joining::REPLAY_ENTRIES;
use super::ring::Ring;
use super::subscriber::{News, Place};
use super::{Channel, Stage, State};
use crate::batch::Batch;
use crate::healing::{Key, key};
use crate::panics::contained_in_time;

/// Where those who wait for the first read would like the ring to begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// At this offset, the lowest that anyone offers.
    pub(super) offset: Option<u64>,
    /// So many entries before the tip.
    pub(super) last: u64,
}

impl Wanted {
    fn join(&mut self, other: Self) {
        self.last = self.last.max(other.last);
        self.offset = match (self.offset, other.offset) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// What a verification read.
enum Found {
    /// There was no ring: this is one.
    First(Run),
    /// The log holds the ring's tip; this follows.
    Further(Arc<Answer>),
    /// The log does not hold the ring's tip; this is what it has from a position on that the ring holds, or from the
    /// ring's base.
    Other(Arc<Answer>),
}

impl Channel {
    /// Verifies the ring from now on; whoever calls this while a verification runs gets another one.
    pub(super) fn sweep(self: &Arc<Self>, state: &mut State) {
        match state.stage {
            Stage::Sweeping => state.again = true,
            Stage::Unknown | Stage::Settled => {
                state.stage = Stage::Sweeping;
                state.again = false;
                self.scope.tasks.spawn(self.clone().verify());
            }
            Stage::Leaving | Stage::Left => {}
        }
    }

    /// A verification that has the number after this one begins later than now.
    pub(super) fn verifications_begun(&self) -> u64 {
        self.state.lock().begun
    }

    /// Waits for the first verification whose number is above `above`, or until the channel has left; begins to
    /// verify it where nobody does.
    ///
    /// # Errors
    /// A verification failed while this waited. It is tried again, for those who are subscribed.
    pub(super) async fn verified(self: &Arc<Self>, above: u64, wanted: Wanted) -> Result<(), BackboneError> {
        let mut seen = None;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let mut state = self.state.lock();
                match state.stage {
                    Stage::Left => return Ok(()),
                    Stage::Leaving => {}
                    Stage::Unknown | Stage::Sweeping | Stage::Settled => {
                        if state.ring.is_some() && state.done > above {
                            return Ok(());
                        }
                        if seen.is_some_and(|seen| seen != state.failures) {
                            return Err(BackboneError::Unavailable("positions could not be verified".into()));
                        }
                        if seen.is_none() {
                            state.wanted.join(wanted);
                            // One that runs may be the one waited for.
                            if state.stage != Stage::Sweeping || state.begun <= above {
                                self.sweep(&mut state);
                            }
                        }
                        seen = Some(state.failures);
                    }
                }
            }
            changed.await;
        }
    }

    async fn verify(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let verified = {
                let Ok(_turn) = self.scope.sweeps.acquire().await else { return };
                // Boxed: those who only wait for their turn need little room.
                let verified = contained_in_time("sweep", Box::pin(self.verify_once())).await;
                verified.unwrap_or_else(|| Err(BackboneError::Refused("the verification failed".to_owned())))
            };
            match verified {
                Ok(Verified::Settled) => {
                    self.changed.notify_waiters();
                    return;
                }
                Ok(Verified::Again) => {
                    pause = FIRST_PAUSE;
                    self.changed.notify_waiters();
                }
                Err(error) => {
                    metrics::counter!("tidewire_sweeps_failed_total").increment(1);
                    tracing::warn!(channel = %self.name, %error, "cannot verify positions now");
                    let given_up = {
                        let mut state = self.state.lock();
                        state.failures += 1;
                        let given_up = state.subscribers.is_empty();
                        if given_up {
                            state.stage = Stage::Unknown;
                            self.bequeath(&mut state);
                            state.waiting = Vec::new();
                        }
                        given_up
                    };
                    self.changed.notify_waiters();
                    if given_up {
                        // What the ring was to be compared for is the settle buffer's to find out now.
                        self.healing.sweep();
                        return;
                    }
                }
            }
            // Also before reading again: a log that changes faster than it is read must not be read all the time.
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.scope.stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn verify_once(self: &Arc<Self>) -> Result<Verified, BackboneError> {
        metrics::counter!("tidewire_sweeps_total").increment(1);
        if !self.state.lock().listening {
            self.scope.in_time(self.scope.backbone.listen(&self.name)).await?;
            self.state.lock().listening = true;
        }
        let mut found = self.look().await?;
        let mut lacks = self.survey(&found);
        if lacks.ours {
            self.healing.mend().await;
            found = self.look().await?;
            lacks = self.survey(&found);
        }
        if lacks.of_others {
            tokio::time::sleep(OTHERS_PAUSE).await;
            found = self.look().await?;
            lacks = self.survey(&found);
        }
        if lacks.ours {
            self.healing.go_on_mending();
        }
        Ok(self.adopt(found))
    }

    /// Reads what the log has beyond the ring, or instead of it.
    async fn look(&self) -> Result<Found, BackboneError> {
        let (ring, wanted) = {
            let mut state = self.state.lock();
            state.waiting.clear();
            state.again = false;
            state.begun += 1;
            state.looked = self.scope.clock.now();
            (state.ring.as_ref().map(|ring| (ring.run().base, ring.run().tip())), state.wanted)
        };
        if self.is_ephemeral() {
            return Ok(Found::First(Run::empty(NOWHERE)));
        }
        match ring {
            Some((base, tip)) => self.compare(base, tip).await,
            None => Ok(Found::First(self.first(wanted).await?)),
        }
    }

    /// Reads the ring's first content: what the first to come want, if it is not too much.
    async fn first(&self, wanted: Wanted) -> Result<Run, BackboneError> {
        let most = self.bounds().entries;
        let log = |after| self.scope.in_time(self.scope.read(&self.name, after, most));
        if let Some(offset) = wanted.offset {
            // Others return from a little before.
            let answer = log(offset.saturating_sub(REPLAY_ENTRIES as u64)).await?;
            if answer.run.tip() == answer.tip {
                return Ok(answer.run);
            }
        }
        let tip = self.scope.in_time(self.scope.read(&self.name, u64::MAX, 0)).await?.tip;
        let before = wanted.offset.map_or(wanted.last, |_| most as u64).min(most as u64);
        if before > 0 {
            let answer = log(tip.offset.saturating_sub(before)).await?;
            if answer.run.tip() == answer.tip {
                return Ok(answer.run);
            }
        }
        Ok(Run::empty(tip))
    }

    async fn compare(&self, base: Position, tip: Position) -> Result<Found, BackboneError> {
        let most = self.bounds().entries.max(1);
        let read = |after| self.scope.in_time(self.scope.read(&self.name, after, most));
        let further = read(tip.offset).await?;
        if further.run.base == tip {
            return Ok(Found::Further(Arc::new(further)));
        }
        // A failover loses little of a long log: what both have is not read again.
        let mut back = FIRST_STEP_BACK;
        while tip.offset.saturating_sub(back) > base.offset {
            let answer = read(tip.offset - back).await?;
            if self.state.lock().ring.as_ref().is_some_and(|ring| ring.run().holds(answer.run.base)) {
                return Ok(Found::Other(Arc::new(answer)));
            }
            back *= STEPS_GROW;
        }
        Ok(Found::Other(Arc::new(read(base.offset).await?)))
    }

    /// Notes what the log lacks of what this node knows, so that it is appended again.
    fn survey(&self, found: &Found) -> Lacks {
        let state = self.state.lock();
        let (Some(ring), true) = (&state.ring, self.scope.switches.healing) else { return Lacks::default() };
        let (common, answer) = match found {
            Found::First(_) => return Lacks::default(),
            Found::Further(answer) => (Some(ring.run().tip()), answer),
            Found::Other(answer) => (ring.common(&answer.run), answer),
        };
        let mut there = keys(&answer.run);
        let lost = match common {
            Some(common) => {
                there.extend(ring.run().upto(common).map(key));
                ring.heard_after(Some(common))
            }
            None => ring.heard_after(None),
        };
        if let Found::Other(_) = found {
            self.healing.part(common);
        }
        let lost: Vec<_> = lost.collect();
        let of_others =
            |(entry, heard): &(&Entry, u64)| !self.healing.is_young(*heard) && !there.contains(&key(entry));
        let of_others = common.is_some() && lost.iter().any(of_others);
        Lacks { ours: self.healing.survey(lost.into_iter(), &there), of_others }
    }

    /// Goes on from the log as it was read. Subscribers past the newest common position are rewound to it;
    /// with none in common, they are reset.
    fn adopt(self: &Arc<Self>, found: Found) -> Verified {
        // Before the lock: it is written, by the connections' tasks, when the lock is gone.
        let mut batch = Batch::default();
        let mut state = self.state.lock();
        let (known, looked) = (state.current, state.looked);
        match found {
            Found::First(run) => state.ring = Some(Ring::of(run, self.bounds())),
            Found::Further(answer) => {
                for entry in &answer.run.entries {
                    self.append(&mut state, entry.clone(), known, &mut batch);
                }
                state.again |= answer.run.tip() != answer.tip;
            }
            Found::Other(answer) => match state.ring.as_ref().and_then(|ring| ring.common(&answer.run)) {
                Some(common) => {
                    self.rewind(&mut state, common, &answer);
                    for entry in answer.run.after(common).into_iter().flatten() {
                        self.append(&mut state, entry.clone(), known, &mut batch);
                    }
                    state.again |= answer.run.tip() != answer.tip;
                }
                None => self.reset(&mut state, &answer),
            },
        }
        state.current = looked;
        for entry in std::mem::take(&mut state.waiting) {
            let accepted = self.accept(&mut state, entry, &mut batch);
            state.again |= !accepted;
        }
        state.done = state.begun;
        state.wanted = Wanted::default();
        if state.again {
            return Verified::Again;
        }
        state.stage = Stage::Settled;
        Verified::Settled
    }

    /// Goes back to the newest common position, with the subscribers past it. Those who have not got something that
    /// is lost for good are reset.
    fn rewind(self: &Arc<Self>, state: &mut State, common: Position, answer: &Answer) {
        let Some(ring) = &mut state.ring else { return };
        let there = keys(&answer.run);
        let is_lost = |entry: &Entry| !there.contains(&key(entry)) && !self.healing.mends(key(entry));
        let lost = ring.run().after(common).into_iter().flatten().filter(|entry| is_lost(entry));
        let lost: Vec<u64> = lost.map(|entry| entry.position.offset).collect();
        let (mut rewound, mut reset) = (0, 0);
        for subscriber in state.subscribers.values_mut() {
            let (past, sent) = match subscriber.place {
                Place::Live => (ring.run().tip() != common, ring.run().tip()),
                Place::Behind { sent, .. } => (sent.offset > common.offset && ring.run().holds(sent), sent),
            };
            if lost.last().is_some_and(|last| sent.offset < *last) {
                let sent = if past { common } else { sent };
                subscriber.place = Place::Behind { sent, news: Some(News::Reset(ResetReason::RolledBack)) };
                subscriber.connection.outbox.lag(self.clone());
                reset += 1;
            } else if past {
                subscriber.place = subscriber.place.rewound(common);
                subscriber.connection.outbox.lag(self.clone());
                rewound += 1;
            }
        }
        ring.rewind(common);
        self.scope.tally.gave_up(&self.name, lost.len());
        metrics::counter!("tidewire_rewinds_total").increment(rewound);
        metrics::counter!("tidewire_resets_total").increment(reset);
    }

    fn reset(self: &Arc<Self>, state: &mut State, answer: &Answer) {
        let reason = state.ring.as_ref().map_or(ResetReason::Replaced, |ring| why_parted(ring.run(), answer));
        let run = if answer.run.tip() == answer.tip { answer.run.clone() } else { Run::empty(answer.tip) };
        for subscriber in state.subscribers.values_mut() {
            subscriber.place = Place::Behind { sent: answer.tip, news: Some(News::Reset(reason)) };
            subscriber.connection.outbox.lag(self.clone());
        }
        metrics::counter!("tidewire_resets_total").increment(state.subscribers.len() as u64);
        state.ring = Some(Ring::of(run, self.bounds()));
    }
}

/// What a log was found to lack.
#[derive(Default)]
struct Lacks {
    /// Something that this node appends again.
    ours: bool,
    /// Something that only others may append again: it is old, or nobody here knows how old it is.
    of_others: bool,
}

fn keys(run: &Run) -> HashSet<Key> {
    run.entries.iter().map(key).collect()
}

/// Why a ring and a log have nothing in common.
fn why_parted(ring: &Run, answer: &Answer) -> ResetReason {
    match answer.run.base.offset {
        oldest if ring.tip().offset < oldest => ResetReason::Trimmed,
        // Both are known from their beginnings, which differ.
        0 if ring.base.offset == 0 => ResetReason::Replaced,
        _ => ResetReason::RolledBack,
    }
}

/// What became of one verification.
enum Verified {
    Settled,
    Again,
}

/// The position of a channel without a log.
pub(super) const NOWHERE: Position = Position { offset: 0, tag: tidewire_protocol::Tag(0) };

/// What this node may not append again, another may: it has so long for it before subscribers are told.
const OTHERS_PAUSE: Duration = Duration::from_millis(300);
/// So many entries before the ring's tip the log is looked for, and then so many times more.
const FIRST_STEP_BACK: u64 = 32;
const STEPS_GROW: u64 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
