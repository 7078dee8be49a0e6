use tidewire_protocol::{ChannelName, ClientFrame, History, HistoryPage, Position, Publication, ResetReason};

use crate::session::context::Context;
use crate::session::requests::Request;
use crate::{LinkId, SubscriptionId};

/// How a later subscription of a channel gets what it asked for from before: by questions for the log, up to the
/// position where the channel's own publications begin for it. What the channel delivers meanwhile waits here.
#[derive(Debug)]
pub(super) struct CatchUp {
    wish: Wish,
    /// The last publication that the log must give; what follows it comes from the channel.
    until: Position,
    /// Whether the channel has passed `until`.
    passed: Passed,
    asked: bool,
    found: Vec<Publication>,
    reset: Option<ResetReason>,
    behind: Vec<Publication>,
}

/// From where a subscription wants publications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// From now on.
    Now,
    /// So many before the tip.
    Last(u64),
    /// All that follow a position.
    Since(Position),
}

impl Wish {
    pub(super) fn of(last: u64, since: Option<Position>) -> Self {
        match (since, last) {
            (Some(since), _) => Self::Since(since),
            (None, 0) => Self::Now,
            (None, last) => Self::Last(last),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Not,
    Already,
}

/// Whether there is more to come from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Another question is needed.
    Unfinished,
    /// It is all there.
    Done,
}

/// What a caught-up subscription is given, in this order.
#[derive(Debug)]
pub(super) struct CaughtUp {
    pub(super) reset: Option<ResetReason>,
    pub(super) replay: Vec<Publication>,
    pub(super) live: Vec<Publication>,
}

/// How many publications wait at most, of either kind; beyond, the rest of the wish is given up.
const MOST: usize = 1024;

impl CatchUp {
    /// `at` is where the channel is.
    pub(super) fn new(wish: Wish, until: Position, at: Option<Position>) -> Self {
        let passed = if at == Some(until) { Passed::Already } else { Passed::Not };
        Self { wish, until, passed, asked: false, found: Vec::new(), reset: None, behind: Vec::new() }
    }

    /// Asks for the next page.
    pub(super) fn ask(
        &mut self,
        context: &mut Context,
        link: LinkId,
        channel: &ChannelName,
        subscription: SubscriptionId,
    ) {
        if self.asked {
            return;
        }
        self.asked = true;
        let (since, limit) = match (self.found.last(), self.wish) {
            (Some(last), _) => (Some(last.position), 0),
            (None, Wish::Since(since)) => (Some(since), 0),
            (None, Wish::Last(last)) => (None, last),
            (None, Wish::Now) => (Some(self.until), 0),
        };
        context.ask(link, Request::CatchUp(channel.clone(), subscription), |id| {
            ClientFrame::History(History { id, channel: channel.clone(), since, limit })
        });
    }

    /// The link that should answer is lost.
    pub(super) const fn lost(&mut self) {
        self.asked = false;
    }

    /// A page came.
    pub(super) fn page(&mut self, page: HistoryPage) -> Progress {
        self.asked = false;
        if page.reset.is_some() {
            self.reset = page.reset;
            self.found.clear();
        }
        let before = self.found.len();
        for publication in page.publications {
            let position = publication.position;
            self.found.push(publication);
            if position == self.until {
                return Progress::Done;
            }
        }
        if page.more && self.found.len() > before && self.found.len() < MOST {
            return Progress::Unfinished;
        }
        self.give_up();
        Progress::Done
    }

    /// The log does not lead to where the channel is, or cannot be asked: the subscription begins with what the
    /// channel delivers.
    pub(super) fn give_up(&mut self) {
        self.found.clear();
        if matches!(self.wish, Wish::Since(_)) {
            self.reset = self.reset.or(Some(ResetReason::Trimmed));
        }
    }

    /// The channel has seen this before.
    pub(super) fn pass_at(&mut self, position: Position) {
        if position == self.until {
            self.pass();
        }
    }

    /// The channel went back: what comes from it now counts.
    pub(super) const fn pass(&mut self) {
        self.passed = Passed::Already;
    }

    /// The channel delivers. Not done: it waits.
    pub(super) fn deliver(&mut self, publications: Vec<Publication>) -> Progress {
        for publication in publications {
            match self.passed {
                Passed::Already => self.behind.push(publication),
                Passed::Not if publication.position == self.until => self.passed = Passed::Already,
                Passed::Not => {}
            }
        }
        if self.behind.len() <= MOST {
            return Progress::Unfinished;
        }
        self.give_up();
        Progress::Done
    }

    /// What the channel delivered after it went back may be in the log's answers too.
    pub(super) fn finish(mut self) -> CaughtUp {
        let found = &self.found;
        self.behind.retain(|one| found.iter().all(|other| other.position != one.position));
        CaughtUp { reset: self.reset, replay: self.found, live: self.behind }
    }
}
