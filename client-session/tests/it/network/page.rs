//! A page that stores what it publishes, and is loaded anew at any moment.

use std::collections::BTreeMap;

use tidewire_protocol::{ChannelName, Payload};
use tidewire_session::{Command, Input, LinkId, PublishId, PublishName, Timestamp};

use super::log::Name;
use super::world::{Broken, CHANNELS, DEDUP_MS, Happening, SETTLE_MS, World};

/// What outlives a page, and the page's number.
#[derive(Default)]
pub(super) struct Store {
    pub(super) page: u32,
    records: BTreeMap<PublishId, Record>,
    /// When everything is written that was to be written: in order.
    written: u64,
}

/// One publication, as it is stored.
#[derive(Clone)]
pub(super) struct Record {
    channel: ChannelName,
    payload: Payload,
    name: Option<PublishName>,
    at: u64,
}

/// Links of different pages have different numbers in the world.
const LINKS_OF_A_PAGE: u32 = 1_000_000;

impl Store {
    pub(super) fn link_in_world(&self, link: LinkId) -> LinkId {
        LinkId(link.0 + self.page * LINKS_OF_A_PAGE)
    }

    /// The page's own number of a link, where it is this page's.
    pub(super) fn link_of_page(&self, link: LinkId) -> Option<LinkId> {
        let number = link.0.checked_sub(self.page * LINKS_OF_A_PAGE)?;
        (number < LINKS_OF_A_PAGE).then_some(LinkId(number))
    }
}

impl World {
    pub(super) fn store(
        &mut self,
        client: usize,
        publish: PublishId,
        (channel, payload, name): (ChannelName, Payload, Option<PublishName>),
    ) {
        let record = Record { channel, payload, name, at: self.now };
        self.write(client, publish, Some(record));
        if self.broken == Broken::SendsBeforeItIsStored {
            self.say_stored(client, publish, name);
        }
    }

    pub(super) fn write(&mut self, client: usize, publish: PublishId, record: Option<Record>) {
        let delay = self.chance.between(0, 30);
        let store = &mut self.clients[client].store;
        store.written = store.written.max(self.now + delay);
        let (at, page) = (store.written, store.page);
        self.at(at, Happening::Written { client, page, publish, record });
    }

    pub(super) fn written(&mut self, client: usize, page: u32, publish: PublishId, record: Option<Record>) {
        let store = &mut self.clients[client].store;
        if store.page != page {
            return;
        }
        let name = record.as_ref().and_then(|record| record.name);
        match record {
            Some(record) => store.records.insert(publish, record),
            None => store.records.remove(&publish),
        };
        self.say_stored(client, publish, name);
    }

    fn say_stored(&mut self, client: usize, publish: PublishId, name: Option<PublishName>) {
        if let Some(name) = name {
            self.at(self.now, Happening::Stored { client, publish, name });
        }
    }

    /// The page goes, in the middle of whatever it does, and is there again some time later.
    pub(super) fn reload(&mut self, client: usize) {
        let links: Vec<_> = self.pipes.keys().filter(|(owner, _)| *owner == client).copied().collect();
        for (_, link) in links {
            self.hang_up(client, link);
        }
        let seed = self.chance.next();
        let start =
            self.now + [self.chance.between(1, 500), self.chance.between(1, 60_000)][self.chance.index(2)];
        for reader in self.clients[client].loads_anew(seed, start + 1) {
            self.book.readers[reader].has_left = true;
        }
        // What was acknowledged is stored no longer.
        for (name, acknowledged) in &mut self.book.acknowledged {
            if name.client == client {
                *acknowledged = acknowledged.saturating_sub(SETTLE_MS);
            }
        }
        self.excuse();
        self.at(start, Happening::Load { client });
    }

    /// What was stored is published again: what was sent under its name, and what was never sent as new.
    pub(super) fn load(&mut self, client: usize) {
        self.faults_end = self.faults_end.max(self.now);
        let stored = self.clients[client].store.records.clone();
        let names = stored.iter().map(|(publish, record)| (*publish, Name::of(&record.payload))).collect();
        self.book.never_sent.extend(self.clients[client].waits_for(names));
        self.book.counts.restored += stored.len();
        for (publish, Record { channel, payload, name, at }) in stored {
            let command = match name {
                Some(name) => Command::Restore { publish, channel, payload, name, first: Timestamp(at) },
                None => Command::Publish { publish, channel, payload },
            };
            self.drive(client, Input::Command(command), 0);
        }
        self.command(client, Command::Connect);
        for channel in 0..CHANNELS {
            self.subscribe(client, channel, 0);
        }
    }

    /// A doubt must have its reason: what is in doubt for too long takes with it what was sent after it.
    pub(super) fn doubts(&mut self, client: usize, publish: PublishId) {
        self.book.counts.doubts += 1;
        let records = &self.clients[client].store.records;
        let Some(Record { channel, .. }) = records.get(&publish) else { return };
        let oldest = records.values().filter(|one| one.channel == *channel).map(|one| one.at).min().unwrap();
        let age = self.now - oldest;
        assert!(age >= DEDUP_MS / 4 * 3, "client {client} doubts {publish:?} after {age} ms");
    }

    pub(super) fn plan_reloads(&mut self, active: u64) {
        for _ in 0..self.chance.between(1, 6) {
            let at = self.now + self.chance.between(0, active);
            let client = self.chance.index(self.clients.len());
            self.at(at, Happening::Reload { client });
        }
    }
}
