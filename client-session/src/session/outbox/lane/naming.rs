//! What a lane's publications are called, and that the driver stores them so.

use tidewire_protocol::{ChannelName, PublisherId, Seq};

use super::super::entry::State;
use super::super::freed::Freed;
use super::super::pace::Pace;
use super::Lane;
use crate::session::context::Context;
use crate::{PublishId, PublishName};

impl Lane {
    /// How many are missing before what an earlier session named, which comes next here; none where that makes no sense.
    pub(in crate::session::outbox) fn missing_before(&mut self, name: PublishName) -> Option<usize> {
        if self.is_empty() {
            (self.publisher, self.first, self.next) = (name.publisher, name.seq, name.seq);
            self.is_restored = true;
        }
        let last = self.first + self.entries.len() as Seq;
        name.seq.checked_sub(last).and_then(|missing| usize::try_from(missing).ok())
    }

    /// Whether it is a name of this lane's.
    pub(in crate::session::outbox) fn knows(&self, name: PublishName) -> bool {
        self.publisher == name.publisher
    }

    /// The driver has stored it as this, which may be its name no more.
    pub(in crate::session::outbox) fn stored(&mut self, publish: PublishId, name: PublishName) {
        if self.publisher == name.publisher
            && let Some(index) = self.index(name.seq)
            && self.entries[index].publish == publish
        {
            self.entries[index].stored = self.entries[index].asked;
        }
    }

    /// Has the driver store the next so many as what they are called now.
    pub(super) fn store_from(
        &mut self,
        context: &mut Context,
        channel: &ChannelName,
        index: usize,
        count: usize,
    ) {
        let publisher = self.publisher;
        let entries = self.entries.iter_mut().skip(index).take(count);
        for (seq, entry) in (self.first + index as Seq..).zip(entries) {
            if entry.asked != seq && entry.state != State::Gone {
                entry.store(context, channel, Some(PublishName { publisher, seq }));
            }
        }
    }

    /// Lets go of what was restored, when nothing more is to be learned of it.
    pub(super) fn drop_restored(&mut self) -> Freed {
        let is_over = self.entries.get(self.done).is_none_or(|entry| entry.state == State::New);
        let count = if self.is_restored && is_over { self.done } else { 0 };
        self.drop_first(count)
    }

    /// Goes on under a new name, from seq 1.
    pub(super) fn rename(&mut self, publisher: PublisherId) {
        self.publisher = publisher;
        self.is_restored = false;
        self.entries.iter_mut().for_each(|entry| entry.asked = 0);
        self.first = 1;
        self.pace = Pace::new();
        self.send_again_from(1);
        self.numbered_in = self.round;
    }
}
