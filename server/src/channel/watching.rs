//! Telling those who watch who joins and leaves; where that is too much, how many are there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidewire_backbone::{Attendee, Counts, PresenceChange};
use tidewire_protocol::{Joined, Left, Member, Occupancy, ServerFrame};

use super::Channel;
use super::arriving::Encodings;
use crate::connection::{Connection, ConnectionId};
use crate::outbox::Offered;
use crate::presence::reading::member;

/// Who watches a channel, and what they are told.
#[derive(Default)]
pub(super) struct Watching {
    watchers: BTreeMap<ConnectionId, Watcher>,
    counts: Counts,
    mode: Mode,
    pace: Pace,
    /// News may have been missed: the counts are to be read, and said.
    owes_counts: bool,
}

struct Watcher {
    connection: Arc<Connection>,
    /// It had no room for a change: it is told to ask again, once its socket has drained.
    missed: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// Who joins and who leaves.
    #[default]
    Telling,
    /// Only how many are there; these were said last.
    Counting(Counts),
}

/// How many came and went within this second, as far as it has gone.
#[derive(Default)]
struct Pace {
    begun: u64,
    changes: usize,
}

impl Pace {
    fn count(&mut self, now: u64, changes: usize) {
        if now.saturating_sub(self.begun) >= SECOND {
            *self = Self { begun: now, changes: 0 };
        }
        self.changes += changes;
    }
}

impl Channel {
    /// From now on a subscriber is told who joins and leaves. `false`: it is none.
    pub(crate) fn watch(&self, connection: &Arc<Connection>) -> bool {
        let state = self.state.lock();
        let is_subscribed = state.subscribers.contains_key(&connection.id);
        if is_subscribed {
            let mut watching = self.watching.lock();
            let watcher = Watcher { connection: connection.clone(), missed: false };
            watching.watchers.insert(connection.id, watcher);
            if let Mode::Counting(counts) = watching.mode {
                connection.say(&self.occupancy_frame(counts, None));
            }
        }
        is_subscribed
    }

    /// It is told no more.
    pub(crate) fn unwatch(&self, connection: ConnectionId) {
        let mut watching = self.watching.lock();
        if watching.watchers.remove(&connection).is_some() && watching.watchers.is_empty() {
            self.tell_each(&mut watching);
        }
    }

    /// Somebody read how many are there.
    pub(crate) fn learn_counts(&self, counts: Counts) {
        let mut watching = self.watching.lock();
        watching.counts = counts;
        self.count_if_many(&mut watching);
    }

    /// The backbone announced a change.
    pub(crate) fn change_presence(self: &Arc<Self>, change: PresenceChange) {
        let PresenceChange { joined, left, counts } = change;
        let mut watching = self.watching.lock();
        watching.counts = counts;
        watching.pace.count(self.scope.clock.now(), joined.len() + left.len());
        self.count_if_many(&mut watching);
        if watching.mode != Mode::Telling || watching.watchers.is_empty() {
            return;
        }
        let Counts { connections, users } = counts;
        let alias = self.alias;
        if let Some((member, others)) = first_and_others(joined) {
            let joined = Joined { alias, member, others, connections, users };
            self.tell_watchers(&mut watching, &ServerFrame::Joined(joined));
        }
        if let Some((member, others)) = first_and_others(left) {
            let left = Left { alias, member, others, connections, users };
            self.tell_watchers(&mut watching, &ServerFrame::Left(left));
        }
    }

    /// Once a second, where only counts are told.
    pub(crate) fn tick_presence(self: &Arc<Self>, now: u64) {
        let mut watching = self.watching.lock();
        let Mode::Counting(said) = watching.mode else { return };
        if now.saturating_sub(watching.pace.begun) < SECOND {
            return;
        }
        let limits = &self.scope.limits;
        // Less than what made it count, so that it does not go back and forth.
        let calm = watching.pace.changes <= limits.presence_changes / 2
            && watching.counts.connections <= limits.presence_told as u64 * 9 / 10;
        watching.pace = Pace { begun: now, changes: 0 };
        if calm {
            self.tell_each(&mut watching);
            self.say_again(&mut watching);
        } else if watching.counts != said {
            let counts = watching.counts;
            watching.mode = Mode::Counting(counts);
            self.tell_watchers(&mut watching, &self.occupancy_frame(counts, None));
        }
    }

    /// News may have been missed.
    pub(crate) fn doubt_who_is_there(&self) {
        let mut watching = self.watching.lock();
        watching.owes_counts = !watching.watchers.is_empty();
    }

    /// Whether those who watch may have missed something and have not been told.
    pub(crate) fn owes_counts(&self) -> bool {
        self.watching.lock().owes_counts
    }

    /// Tells that, now that the counts are known.
    pub(crate) fn say_counts(self: &Arc<Self>, counts: Counts) {
        let mut watching = self.watching.lock();
        watching.owes_counts = false;
        watching.counts = counts;
        if watching.mode == Mode::Telling {
            self.say_again(&mut watching);
        }
    }

    /// A connection's socket has drained: tells it to ask again where it had no room for a change.
    pub(super) fn make_up(self: &Arc<Self>, connection: &Connection) {
        let mut watching = self.watching.lock();
        let frame = match watching.mode {
            Mode::Telling => self.again(&watching),
            Mode::Counting(_) => self.occupancy_frame(watching.counts, None),
        };
        let watcher = watching.watchers.get_mut(&connection.id).filter(|watcher| watcher.missed);
        if let Some(watcher) = watcher {
            watcher.missed = false;
            self.tell_one(watcher, &mut Encodings::of(&frame));
        }
    }

    /// Where too many come and go, or too many are there, nobody is told of each.
    fn count_if_many(&self, watching: &mut Watching) {
        let limits = &self.scope.limits;
        let many = watching.pace.changes > limits.presence_changes
            || watching.counts.connections > limits.presence_told as u64;
        if many && watching.mode == Mode::Telling && !watching.watchers.is_empty() {
            watching.mode = Mode::Counting(watching.counts);
            self.scope.register.counting.fetch_add(1, Ordering::Relaxed);
            for watcher in watching.watchers.values() {
                watcher.connection.say(&self.occupancy_frame(watching.counts, None));
            }
        }
    }

    fn tell_each(&self, watching: &mut Watching) {
        if std::mem::take(&mut watching.mode) != Mode::Telling {
            self.scope.register.counting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn say_again(self: &Arc<Self>, watching: &mut Watching) {
        let again = self.again(watching);
        self.tell_watchers(watching, &again);
    }

    fn tell_watchers(self: &Arc<Self>, watching: &mut Watching, frame: &ServerFrame) {
        let mut encodings = Encodings::of(frame);
        for watcher in watching.watchers.values_mut().filter(|watcher| !watcher.missed) {
            self.tell_one(watcher, &mut encodings);
        }
    }

    fn tell_one(self: &Arc<Self>, watcher: &mut Watcher, frame: &mut Encodings<'_>) {
        let connection = &watcher.connection;
        if connection.outbox.offer(frame.get(connection.codec())) == Offered::Full {
            watcher.missed = true;
            connection.outbox.lag(self.clone());
            metrics::counter!("tidewire_presence_missed_total").increment(1);
        }
    }

    /// Those who ask again do so over a time that grows with what each of them asks for.
    fn again(&self, watching: &Watching) -> ServerFrame {
        self.occupancy_frame(watching.counts, Some(SECOND + 5 * watching.counts.connections))
    }

    fn occupancy_frame(&self, counts: Counts, again_within_ms: Option<u64>) -> ServerFrame {
        let Counts { connections, users } = counts;
        ServerFrame::Occupancy(Occupancy { alias: self.alias, connections, users, again_within_ms })
    }
}

fn first_and_others(attendees: Vec<Attendee>) -> Option<(Member, Vec<Member>)> {
    let mut members = attendees.into_iter().map(member);
    Some((members.next()?, members.collect()))
}

const SECOND: u64 = 1000;
