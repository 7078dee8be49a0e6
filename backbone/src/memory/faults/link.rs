use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tidewire_protocol::ChannelName;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Pace;
use crate::outlet::Outlet;
use crate::{Appended, Arrival, BackboneError, Draft, Interrupted, Retention};

/// One node's way to the logs.
pub(super) struct Link {
    /// Which server it is connected to.
    pub(super) server: usize,
    /// How often it has turned to another, or was lost.
    pub(super) turns: usize,
    pub(super) outlet: Outlet,
    pub(super) channels: BTreeSet<ChannelName>,
    pub(super) news: News,
    pub(super) health: Health,
    pub(super) pace: Pace,
    /// Publishes to come whose answers get lost.
    pub(super) unheard: usize,
    /// Publishes in line, and when each is carried out.
    calls: VecDeque<(Instant, Call, oneshot::Sender<Heard>)>,
    /// When the last of the calls is carried out.
    busy: Option<Instant>,
}

/// Whether what a log takes is told to the node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Arrive,
    GetLost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Up,
    Down,
}

/// A publish on its way.
pub(super) struct Call {
    pub(super) channel: ChannelName,
    pub(super) draft: Draft,
    pub(super) retention: Retention,
    /// How long its answer takes.
    pub(super) answer: Duration,
}

/// What became of a publish, and how long that takes to be heard.
pub(super) type Heard = (Result<Appended, BackboneError>, Duration);

impl Link {
    pub(super) fn new(server: usize, outlet: Outlet) -> Self {
        Self {
            server,
            turns: 0,
            outlet,
            channels: BTreeSet::new(),
            news: News::Arrive,
            health: Health::Up,
            pace: Pace::default(),
            unheard: 0,
            calls: VecDeque::new(),
            busy: None,
        }
    }

    pub(super) fn go_down(&mut self) {
        self.health = Health::Down;
        self.turns += 1;
        self.calls.clear();
    }

    /// Connects to another server; what was under way to the former is lost.
    pub(super) fn turn(&mut self, server: usize) {
        self.server = server;
        self.turns += 1;
        self.calls.clear();
        self.news = News::Arrive;
        self.outlet.deliver(Arrival::Interrupted(Interrupted::All));
    }

    pub(super) fn reachable(&self) -> Result<(), BackboneError> {
        match self.health {
            Health::Up => Ok(()),
            Health::Down => Err(BackboneError::Unavailable("it is down".to_owned())),
        }
    }

    /// Takes a publish into the line; answers when it is carried out, and where its answer comes.
    pub(super) fn call(&mut self, due: Instant, call: Call) -> (Instant, oneshot::Receiver<Heard>) {
        let due = self.busy.map_or(due, |busy| busy.max(due));
        self.busy = Some(due);
        let (answer, heard) = oneshot::channel();
        self.calls.push_back((due, call, answer));
        (due, heard)
    }

    /// The oldest publish in line, if it is to be carried out by now.
    pub(super) fn due(&mut self, now: Instant) -> Option<(Call, oneshot::Sender<Heard>)> {
        self.calls.pop_front_if(|(due, ..)| *due <= now).map(|(_, call, heard)| (call, heard))
    }

    /// What the node hears of what became of its publish.
    pub(super) fn hear(&mut self, appended: Appended) -> Result<Appended, BackboneError> {
        match self.unheard.checked_sub(1) {
            Some(left) => {
                self.unheard = left;
                Err(lost())
            }
            None => Ok(appended),
        }
    }

    pub(super) fn tell(&self, channel: &ChannelName, news: &Arrival) {
        if self.news == News::Arrive && self.channels.contains(channel) {
            self.outlet.deliver(news.clone());
        }
    }
}

/// A call was under way, and nothing is known of it.
pub(super) fn lost() -> BackboneError {
    BackboneError::Unavailable("the link was lost".to_owned())
}
