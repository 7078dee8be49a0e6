use std::fmt;

use tidewire_backbone::Noticed;
use tidewire_session::Wake;

use crate::chance::Chance;

/// What a seed does: how big its world is, and what happens in it when.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How big the world is, and how it is set up.
    pub size: Size,
    /// What happens, in order of time; each may be left out.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its number in the seed's whole plan.
    pub number: usize,
    /// When, in milliseconds from the start.
    pub at: u64,
    /// How many rounds of the scheduler later, within the same millisecond.
    pub rounds: u64,
    /// What.
    pub what: Happening,
}

/// How big a world is, and how it is set up. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Nodes.
    pub nodes: usize,
    /// Clients; all publish.
    pub clients: usize,
    /// So many of the clients subscribe, the first ones.
    pub readers: usize,
    /// When the faults end.
    pub active: u64,
    /// Entries that the log keeps.
    pub retention: u32,
    /// Bytes of a node's ring.
    pub ring: usize,
    /// Bytes of a connection's outbox.
    pub outbox: usize,
    /// Bytes of one replay.
    pub replay: usize,
    /// Arrivals that wait for a node.
    pub arrivals: usize,
    /// Arrivals that wait while a node verifies its ring.
    pub in_doubt: usize,
    /// How long what is acknowledged is kept to be appended again.
    pub settle: u64,
    /// How many of these a node keeps.
    pub settling: usize,
    /// How long a log remembers a publisher.
    pub dedup: u64,
    /// How long a ring outlives its last subscriber.
    pub linger: u64,
    /// How long a node waits for the backbone.
    pub patience: u64,
    /// How far the replica is behind.
    pub lag: u64,
    /// How long a message takes between client and node, at most.
    pub latency: u64,
    /// How long a call of the backbone and its answer take, at most, each.
    pub pace: u64,
    /// How many publishes of a client may wait for their answers.
    pub in_flight: usize,
}

/// What may happen. Nodes and clients are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Happening {
    Publish { client: usize },
    FailOver(Noticed),
    LoseEverything,
    Trim { entries: u32 },
    Turn { node: usize },
    LoseNews { node: usize },
    MendNews { node: usize },
    Interrupt { node: usize },
    GoDown { node: usize },
    ComeBack { node: usize },
    LoseAnswers { node: usize, publishes: usize },
    Pace { node: usize, request: u64, answer: u64 },
    Crash { node: usize },
    Start { node: usize },
    Shed { node: usize },
    Drain { node: usize },
    Cut { client: usize, noticed: bool },
    Silence { client: usize },
    Stall { client: usize, length: u64 },
    Freeze { client: usize, length: u64, wake: Wake },
    Wake { client: usize, wake: Wake },
    Unsubscribe { client: usize },
    Subscribe { client: usize },
    Leave { client: usize },
}

impl Plan {
    /// What a seed does.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let size = Size::of(&mut chance);
        let mut draft = Draft { chance, size, steps: Vec::new() };
        draft.faults();
        draft.publications();
        let mut steps = draft.steps;
        steps.sort_by_key(|(at, rounds, _)| (*at, *rounds));
        let steps = steps.into_iter().enumerate();
        let steps = steps.map(|(number, (at, rounds, what))| Step { number, at, rounds, what }).collect();
        Self { seed, size, steps }
    }

    /// The same with these steps only, by their numbers.
    #[must_use]
    pub fn keeping(&self, kept: impl Fn(usize) -> bool) -> Self {
        Self { steps: self.steps.iter().copied().filter(|step| kept(step.number)).collect(), ..*self }
    }
}

impl Size {
    fn of(chance: &mut Chance) -> Self {
        let clients = chance.pick([2, 3, 3, 4]);
        let (settle, dedup) = if chance.percent(12) { (2_000, 6_000) } else { (60_000, 120_000) };
        Self {
            nodes: chance.pick([1, 2, 2, 2, 3]),
            clients,
            readers: chance.between(1, clients as u64) as usize,
            active: chance.pick([1_000, 3_000, 8_000]),
            retention: chance.pick([3, 8, 256, 256]),
            ring: chance.pick([1_500, 512 << 10, 512 << 10]),
            outbox: chance.pick([200, 64 << 10, 64 << 10]),
            replay: chance.pick([200, 32 << 10]),
            arrivals: chance.pick([4, 16_384, 16_384]),
            in_doubt: chance.pick([2, 1_024]),
            settle,
            settling: if chance.percent(12) { 1 } else { 4_096 },
            dedup,
            linger: chance.pick([0, 500, 45_000]),
            patience: chance.pick([1_000, 5_000]),
            lag: chance.pick([0, 10, 100, 500, 3_000]),
            latency: chance.pick([0, 3, 40]),
            pace: chance.pick([0, 0, 2, 20]),
            in_flight: chance.pick([2, 8, 64]),
        }
    }
}

struct Draft {
    chance: Chance,
    size: Size,
    steps: Vec<(u64, u64, Happening)>,
}

impl Draft {
    fn at(&mut self, at: u64, what: Happening) {
        let rounds = if self.chance.percent(50) { 0 } else { self.chance.between(1, 12) };
        self.steps.push((at.min(self.size.active), rounds, what));
    }

    fn faults(&mut self) {
        let count = self.chance.pick([1, 3, 6, 10]);
        // How many faults of a hundred come right after the one before.
        let together = self.chance.pick([0, 30, 60]);
        let mut at = 0;
        for _ in 0..count {
            at = match self.chance.percent(together) {
                true => at + self.chance.between(0, 5),
                false => self.chance.between(STARTED, self.size.active),
            };
            self.fault(at);
        }
    }

    fn fault(&mut self, at: u64) {
        let (node, client) = (self.chance.index(self.size.nodes), self.chance.index(self.size.clients));
        let later = at + self.chance.pick([2, 50, 700, 2_000]);
        match self.chance.index(38) {
            0..=5 => self.at(at, Happening::FailOver(Noticed::ByAll)),
            6..=8 => {
                self.at(at, Happening::FailOver(Noticed::ByNone));
                for node in 0..self.size.nodes {
                    let turned = at + self.chance.between(0, later - at);
                    self.at(turned, Happening::Turn { node });
                }
            }
            9 => self.at(at, Happening::LoseEverything),
            10 => {
                let entries = self.chance.pick([1, 3]);
                self.at(at, Happening::Trim { entries });
            }
            11 | 12 => {
                self.at(at, Happening::LoseNews { node });
                self.at(later, Happening::MendNews { node });
            }
            13 => self.at(at, Happening::Interrupt { node }),
            14 | 15 => {
                self.at(at, Happening::GoDown { node });
                self.at(later, Happening::ComeBack { node });
            }
            16 | 17 => {
                let publishes = self.chance.between(1, 3) as usize;
                self.at(at, Happening::LoseAnswers { node, publishes });
            }
            18 | 19 => {
                let (request, answer) =
                    (self.chance.pick([0, 1, 300]), self.chance.pick([0, 1, 30, 600, 1_500]));
                self.at(at, Happening::Pace { node, request, answer });
                self.at(later, Happening::Pace { node, request: 0, answer: 0 });
            }
            20..=22 => {
                self.at(at, Happening::Crash { node });
                self.at(later, Happening::Start { node });
            }
            23 | 24 => self.at(at, Happening::Shed { node }),
            25 | 26 => {
                let noticed = self.chance.percent(70);
                self.at(at, Happening::Cut { client, noticed });
            }
            27 => self.at(at, Happening::Silence { client }),
            28 => self.at(at, Happening::Stall { client, length: later - at }),
            29 => {
                let wake =
                    self.chance.pick([Wake::Resumed, Wake::PageShown, Wake::Online, Wake::ClockJumped]);
                self.at(at, Happening::Freeze { client, length: later - at, wake });
            }
            30 => {
                let wake = self.chance.pick([Wake::Online, Wake::Offline, Wake::ClockJumped]);
                self.at(at, Happening::Wake { client, wake });
            }
            31 | 32 => {
                self.at(at, Happening::Drain { node });
                self.at(later, Happening::Crash { node });
                let started = later + self.chance.between(0, 500);
                self.at(started, Happening::Start { node });
            }
            33 | 34 => {
                self.at(at, Happening::Unsubscribe { client });
                self.at(later, Happening::Subscribe { client });
            }
            // The first stays, so that somebody is left to see the end.
            _ if client > 0 => self.at(at, Happening::Leave { client }),
            _ => {}
        }
    }

    fn publications(&mut self) {
        let faults: Vec<u64> = self.steps.iter().map(|(at, ..)| *at).collect();
        for _ in 0..self.chance.between(1, 6) {
            let client = self.chance.index(self.size.clients);
            // Most shortly before something, or during it.
            let mut at = match faults.is_empty() || self.chance.percent(30) {
                true => self.chance.between(0, self.size.active),
                false => {
                    let fault = faults[self.chance.index(faults.len())];
                    (fault + self.chance.between(0, 20)).saturating_sub(self.chance.pick([10, 100, 400]))
                }
            };
            let spacing = self.chance.pick([0, 1, 5, 60]);
            for _ in 0..self.chance.between(1, 6) {
                self.at(at, Happening::Publish { client });
                at += self.chance.between(0, spacing);
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, at, rounds, what } = self;
        write!(f, "{at:>6} ms + {rounds:>2}  {what:?}  (step {number})")
    }
}

/// By then all are connected, usually.
const STARTED: u64 = 300;
