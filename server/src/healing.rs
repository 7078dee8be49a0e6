//! What this node can append to a log again where a failover lost it, and that it does so.
//!
//! The steps are those of the executable model of delivery: settle, survey, mend, mend by force. Appending again is
//! harmless at any time: the log takes only what follows its publisher's last seq, and says `old` of all before.

mod healings;
mod mending;
mod sent;
mod settling;
mod tally;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidewire_backbone::{Appended, BackboneError, Draft, Entry, Retention};
use tidewire_protocol::{ChannelName, Position, PublisherId, Seq};

use crate::clock::millis;
use crate::panics::contained_in_time;
use crate::scope::Scope;
pub(crate) use healings::Healings;
use mending::Mending;
pub(crate) use sent::Sent;
use settling::Settling;
pub(crate) use tally::Tally;

/// One channel's acknowledged publications that the log may still lose, and those that it has lost.
///
/// It is there whether or not anyone on this node is subscribed.
pub(crate) struct Healing {
    name: ChannelName,
    retention: Retention,
    scope: Arc<Scope>,
    state: Mutex<State>,
}

struct State {
    settling: Settling,
    mending: Mending,
    care: Care,
}

/// Whether a task looks after the channel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    None,
    /// It appends again until nothing is lacking.
    Mends,
    /// The same, after it has read what the log lacks.
    Sweeps,
}

/// What names a publication in a channel, for ever.
pub(crate) type Key = (PublisherId, Seq);

/// What an entry is named.
pub(crate) fn key(entry: &Entry) -> Key {
    (entry.publisher, entry.seq)
}

impl Healing {
    fn new(name: ChannelName, retention: Retention, scope: Arc<Scope>) -> Self {
        let limits = &scope.limits;
        let state = State {
            settling: Settling::new(limits.settle_entries, limits.settle_bytes),
            mending: Mending::new(2 * limits.settle_entries),
            care: Care::None,
        };
        Self { name, retention, scope, state: Mutex::new(state) }
    }

    pub(crate) fn retention(&self) -> Retention {
        self.retention
    }

    pub(crate) fn name(&self) -> &ChannelName {
        &self.name
    }

    /// Notes what is about to be published, so that what arrives before the answer is known.
    pub(crate) fn sends(self: &Arc<Self>, draft: &Draft) -> Sent {
        self.state.lock().settling.expect(draft);
        let key = (draft.publisher, draft.seq);
        Sent { healing: self.clone(), key, interruptions: self.scope.interruptions(), is_answered: false }
    }

    /// The ring took an entry: what is kept of it is the ring's from now on.
    pub(crate) fn meet(&self, entry: &Entry) {
        self.state.lock().settling.meet(entry);
    }

    /// The ring's history turned out to be the log's only up to here.
    pub(crate) fn part(&self, common: Option<Position>) {
        self.state.lock().settling.part(common);
    }

    /// The ring goes: what it has of this age stays.
    pub(crate) fn inherit(&self, entries: impl Iterator<Item = (Entry, u64)>) {
        let mut state = self.state.lock();
        state.settling.part(None);
        for (entry, heard) in entries.filter(|(_, heard)| self.is_young(*heard)) {
            state.settling.inherit(entry, heard);
        }
    }

    /// Whether what was in a log at this moment may be appended again.
    pub(crate) fn is_young(&self, heard: u64) -> bool {
        heard != NEVER && self.scope.clock.now() <= heard.saturating_add(self.scope.settle)
    }

    /// What settles here or is lacking, and for how many milliseconds yet.
    #[cfg(feature = "simulation")]
    pub(crate) fn kept(&self) -> Vec<(PublisherId, Seq, u64)> {
        let state = self.state.lock();
        let kept = state.settling.acknowledged().chain(state.mending.lacking());
        kept.map(|(entry, heard)| (entry.publisher, entry.seq, self.is_young_for(heard))).collect()
    }

    /// For how many milliseconds yet what was in a log at this moment may be appended again.
    #[cfg(feature = "simulation")]
    pub(crate) fn is_young_for(&self, heard: u64) -> u64 {
        let until = if heard == NEVER { 0 } else { heard.saturating_add(self.scope.settle) };
        until.saturating_sub(self.scope.clock.now())
    }

    /// Notes what a log lacks: of `ring`, entries with the moment in which they were in a log, and of what is
    /// settling. `there` is what the log was found to have. Answers whether something is lacking.
    pub(crate) fn survey<'a>(
        &self,
        ring: impl Iterator<Item = (&'a Entry, u64)>,
        there: &HashSet<Key>,
    ) -> bool {
        let mut state = self.state.lock();
        let State { settling, mending, .. } = &mut *state;
        let is_lacking =
            |(entry, heard): &(&Entry, u64)| self.is_young(*heard) && !there.contains(&key(entry));
        let owned = |(entry, heard): (&Entry, u64)| (entry.clone(), heard);
        let mut lacking: Vec<_> = ring.filter(is_lacking).map(owned).collect();
        lacking.extend(settling.unmet().filter(is_lacking).map(owned));
        mending.add(lacking);
        !mending.is_empty()
    }

    /// Whether an entry is lacking and will be appended again.
    pub(crate) fn mends(&self, key: Key) -> bool {
        self.state.lock().mending.has(key)
    }

    /// Appends once more what is lacking, in its order; by force where a publisher's earlier seqs have been lacking
    /// for long. What is still behind, or got no answer, is tried again later.
    pub(crate) async fn mend(self: &Arc<Self>) {
        if self.mend_once().await.is_err() {
            tracing::debug!(channel = %self.name, "the log cannot be mended now");
        }
        self.go_on_mending();
    }

    /// Sees to it that what is lacking is appended again, without waiting for that: a log may lose once more what
    /// was appended a moment ago.
    pub(crate) fn go_on_mending(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if state.care == Care::None && !state.mending.is_empty() {
            state.care = Care::Mends;
            self.scope.tasks.spawn(self.clone().look_after());
        }
    }

    /// The log may have lost something that is settling here: finds out, and appends it again.
    pub(crate) fn sweep(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if state.settling.unmet().next().is_none() {
            return;
        }
        let care = std::mem::replace(&mut state.care, Care::Sweeps);
        if care == Care::None {
            self.scope.tasks.spawn(self.clone().look_after());
        }
    }

    async fn look_after(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            {
                let Ok(_turn) = self.scope.sweeps.acquire().await else { return };
                // What goes wrong once must not end the care for all that comes after it.
                let cared = contained_in_time("healing", self.care_once()).await;
                let cared = cared.unwrap_or_else(|| {
                    tracing::error!(channel = %self.name, "a channel's log could not be mended");
                    self.state.lock().care = Care::Sweeps;
                    Err(BackboneError::Refused("the healing failed".to_owned()))
                });
                pause = match cared {
                    Ok(()) => FIRST_PAUSE,
                    Err(_) => (pause * 2).min(LONGEST_PAUSE),
                };
            }
            {
                let mut state = self.state.lock();
                if state.care == Care::Mends && state.mending.is_empty() {
                    state.care = Care::None;
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.scope.stop.cancelled() => return,
            }
        }
    }

    async fn care_once(&self) -> Result<(), BackboneError> {
        let since = {
            let mut state = self.state.lock();
            match std::mem::replace(&mut state.care, Care::Mends) {
                Care::Sweeps => state.settling.unmet().map(|(entry, _)| entry.position.offset).min(),
                Care::None | Care::Mends => None,
            }
        };
        if let Some(since) = since {
            let most = match self.retention {
                Retention::Log { entries, .. } => entries as usize,
                Retention::None => 0,
            };
            let read = self.scope.read(&self.name, since.saturating_sub(1), most);
            let answer = match self.scope.in_time(read).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.state.lock().care = Care::Sweeps;
                    return Err(error);
                }
            };
            self.survey(std::iter::empty(), &answer.run.entries.iter().map(key).collect());
        }
        self.mend_once().await
    }

    async fn mend_once(&self) -> Result<(), BackboneError> {
        let drafts = {
            let mut state = self.state.lock();
            let given_up = state.mending.give_up(self.scope.clock.now(), self.memory());
            self.scope.tally.gave_up(&self.name, given_up);
            state.mending.drafts(self.scope.clock.now())
        };
        for some in drafts.chunks(TOGETHER) {
            let interruptions = self.scope.interruptions();
            let publish = |draft: &Draft| self.scope.publish(&self.name, draft.clone(), self.retention);
            let answers: Vec<_> = some.iter().map(publish).collect();
            for (draft, answer) in some.iter().zip(answers) {
                let answer = self.scope.in_time(answer).await?;
                self.mended((draft.publisher, draft.seq), answer, interruptions);
            }
        }
        Ok(())
    }

    /// Notes what became of an entry that was handed to the backbone after so many interruptions.
    fn mended(&self, key: Key, answer: Appended, interruptions: u64) {
        let now = self.scope.clock.now();
        let mut state = self.state.lock();
        match answer {
            // The answer may be from a server that was replaced meanwhile: tried again.
            Appended::Accepted { .. } | Appended::Old { .. }
                if interruptions != self.scope.interruptions() => {}
            Appended::Accepted { position, missing } => {
                let Some((mut entry, _)) = state.mending.remove(key) else { return };
                entry.position = position.unwrap_or(entry.position);
                state.settling.settle(entry, now);
                drop(state);
                self.scope.tally.healed(&self.name, missing);
            }
            // Whoever appended it keeps it too, but may be gone when it is lost again.
            Appended::Old { .. } => {
                let Some((entry, heard)) = state.mending.remove(key) else { return };
                state.settling.inherit(entry, heard);
            }
            Appended::Behind { .. } => state.mending.is_behind(key, now),
        }
    }

    /// For how long something may be appended again: not quite as long as the log remembers its publisher.
    fn memory(&self) -> u64 {
        match self.retention {
            Retention::Log { dedup, .. } => millis(dedup) / 4 * 3,
            Retention::None => 0,
        }
    }

    /// Forgets what is settled; answers whether nothing is left.
    fn let_go(&self, now: u64) -> bool {
        let mut state = self.state.lock();
        state.settling.let_go(now.saturating_sub(self.scope.settle));
        state.settling.is_empty() && state.mending.is_empty() && state.care == Care::None
    }

    fn load(&self) -> Load {
        let state = self.state.lock();
        Load { settling: state.settling.len(), bytes: state.settling.bytes(), behind: state.mending.len() }
    }
}

/// How much there is of a channel, or of all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Publications that are settling.
    pub(crate) settling: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
    /// Publications that the log lacks.
    pub(crate) behind: usize,
}

/// When an entry was heard of whose age nobody knows.
pub(crate) const NEVER: u64 = 0;
/// Publications that are handed to the backbone at once.
const TOGETHER: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use tidewire_backbone::{MemoryBackbone, MemoryConfig};
    use tidewire_protocol::{Payload, Tag};
    use tokio::sync::Semaphore;
    use tokio_util::sync::CancellationToken;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::Limits;
    use crate::clock::Clock;
    use crate::switches::Switches;
    use crate::tunnel::Tunnels;

    #[tokio::test]
    async fn an_answer_that_was_asked_for_before_an_interruption_ends_no_healing() {
        let healing = healing();
        let lost = lost();
        healing.survey([(&lost, healing.scope.clock.now())].into_iter(), &HashSet::new());
        let before = healing.scope.interruptions();
        healing.scope.is_interrupted();
        for late in [Appended::Old { position: None }, Appended::Accepted { position: None, missing: 0 }] {
            healing.mended(key(&lost), late, before);
            assert!(healing.mends(key(&lost)), "after {late:?}");
        }
        healing.mended(key(&lost), Appended::Old { position: None }, before + 1);
        assert!(!healing.mends(key(&lost)));
    }

    #[tokio::test]
    async fn what_another_has_appended_again_can_be_lost_once_more() {
        let healing = healing();
        let lost = lost();
        healing.survey([(&lost, healing.scope.clock.now())].into_iter(), &HashSet::new());
        healing.mended(key(&lost), Appended::Old { position: None }, healing.scope.interruptions());
        healing.survey(std::iter::empty(), &HashSet::new());
        assert!(healing.mends(key(&lost)));
    }

    fn healing() -> Healing {
        let (backbone, _) = MemoryBackbone::new(MemoryConfig::default());
        let scope = Scope {
            backbone: Arc::new(backbone),
            limits: Limits::default(),
            patience: Duration::from_secs(5),
            settle: 60_000,
            switches: Switches::default(),
            clock: Clock::start(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            sweeps: Semaphore::new(1),
            tally: Tally::default(),
            register: crate::presence::Register::new(Duration::from_secs(9)),
            interruptions: AtomicU64::new(0),
            tunnels: Arc::new(Tunnels::new(1)),
        };
        Healing::new("chat:lobby".parse().unwrap(), Retention::DEFAULT, Arc::new(scope))
    }

    fn lost() -> Entry {
        let position = Position { offset: 1, tag: Tag(1) };
        let payload = Payload::Json("1".into());
        Entry { position, publisher: PublisherId(7), seq: 1, missing: 0, payload, user: None }
    }
}
