//! A backbone whose failures a test decides: a log that loses its tail, news that get lost, no answer at all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tidewire_backbone::{
    Answer, Appended, Arrival, Arrivals, Backbone, BackboneError, Draft, Entry, Interrupted, Retention, Run,
};
use tidewire_protocol::{ChannelName, Position, Tag};
use tokio::sync::mpsc;

/// Logs that do what they are told.
pub(crate) struct FallibleBackbone {
    state: Mutex<State>,
    arrivals: mpsc::Sender<Arrival>,
}

#[derive(Default)]
struct State {
    logs: HashMap<ChannelName, Run>,
    begun: u32,
    reads: usize,
    entries_read: usize,
    health: Health,
    news: News,
    panics: bool,
}

#[derive(Default, PartialEq)]
enum Health {
    #[default]
    Up,
    Down,
}

/// What happens to the news of a publication.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum News {
    /// It arrives.
    #[default]
    Arrives,
    /// It never does.
    GetsLost,
    /// Its position arrives.
    IsAnnounced,
}

impl FallibleBackbone {
    pub(crate) fn new() -> (Arc<Self>, Arrivals) {
        let (arrivals, received) = mpsc::channel(1024);
        (Arc::new(Self { state: Mutex::default(), arrivals }), received)
    }

    /// No call is answered any more.
    pub(crate) fn goes_down(&self) {
        self.state().health = Health::Down;
    }

    /// Calls are answered again, and the node is told that it may have missed something.
    pub(crate) async fn comes_back(&self) {
        self.state().health = Health::Up;
        self.interrupts().await;
    }

    /// Tells the node that it may have missed something.
    pub(crate) async fn interrupts(&self) {
        self.arrivals.send(Arrival::Interrupted(Interrupted::All)).await.unwrap();
    }

    /// From now on.
    pub(crate) fn news(&self, news: News) {
        self.state().news = news;
    }

    /// A failover: the log has lost what follows its first `entries` entries.
    pub(crate) fn loses_all_but(&self, channel: &str, entries: usize) {
        let channel: ChannelName = channel.parse().unwrap();
        self.state().logs.get_mut(&channel).unwrap().entries.truncate(entries);
    }

    /// A failover that loses the last entries.
    pub(crate) fn loses_the_last(&self, channel: &str, entries: usize) {
        let channel: ChannelName = channel.parse().unwrap();
        let mut state = self.state();
        let log = state.logs.get_mut(&channel).unwrap();
        let left = log.entries.len().saturating_sub(entries);
        log.entries.truncate(left);
    }

    /// All logs are lost; new ones begin.
    pub(crate) fn loses_everything(&self) {
        self.state().logs.clear();
    }

    /// The next read meets a bug.
    pub(crate) fn panics_at_the_next_read(&self) {
        self.state().panics = true;
    }

    /// How many entries a log has.
    pub(crate) fn entries(&self, channel: &str) -> usize {
        let channel: ChannelName = channel.parse().unwrap();
        self.state().logs.get(&channel).map_or(0, |log| log.entries.len())
    }

    /// How often a log was read.
    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    /// How many entries were read.
    pub(crate) fn entries_read(&self) -> usize {
        self.state().entries_read
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn log(&mut self, channel: &ChannelName) -> Result<&mut Run, BackboneError> {
        if self.health == Health::Down {
            return Err(BackboneError::Unavailable("it is down".to_owned()));
        }
        self.begun += 1;
        let base = Position { offset: 0, tag: Tag(self.begun) };
        Ok(self.logs.entry(channel.clone()).or_insert_with(|| Run::empty(base)))
    }
}

#[async_trait]
impl Backbone for FallibleBackbone {
    fn publish(
        &self,
        channel: &ChannelName,
        draft: Draft,
        _: Retention,
    ) -> BoxFuture<'static, Result<Appended, BackboneError>> {
        let mut state = self.state();
        let news = state.news;
        let log = match state.log(channel) {
            Ok(log) => log,
            Err(error) => return future::ready(Err(error)).boxed(),
        };
        let Draft { publisher, seq, payload, user, .. } = draft;
        let id = tidewire_protocol::PublicationId::of(publisher, seq);
        let entry = Entry { position: log.tip().then(id), publisher, seq, missing: 0, payload, user };
        let position = entry.position;
        log.push(entry.clone());
        match news {
            News::Arrives => self.arrivals.try_send(Arrival::Published(channel.clone(), entry)).unwrap(),
            News::GetsLost => {}
            News::IsAnnounced => {
                self.arrivals.try_send(Arrival::Announced(channel.clone(), position)).unwrap();
            }
        }
        future::ready(Ok(Appended::Accepted { position: Some(position), missing: 0 })).boxed()
    }

    async fn listen(&self, channel: &ChannelName) -> Result<(), BackboneError> {
        self.state().log(channel).map(|_| ())
    }

    async fn unlisten(&self, _: &ChannelName) -> Result<(), BackboneError> {
        Ok(())
    }

    async fn read(&self, channel: &ChannelName, after: u64, limit: usize) -> Result<Answer, BackboneError> {
        // Takes a moment, so that others can want the same.
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.reads += 1;
        if std::mem::take(&mut state.panics) {
            drop(state);
            panic!("the test asked for it");
        }
        let log = state.log(channel)?;
        let tip = log.tip();
        let known = log.entries.iter().map(|entry| entry.position).chain([log.base]);
        let base = match known.clone().find(|position| position.offset == after) {
            Some(position) => position,
            None if after > tip.offset => tip,
            None => log.base,
        };
        let entries: VecDeque<Entry> = log.after(base).unwrap().take(limit).cloned().collect();
        state.entries_read += entries.len();
        Ok(Answer { run: Run { base, entries }, tip })
    }

    fn is_ready(&self) -> bool {
        self.state().health == Health::Up
    }
}
