use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidewire_backbone::{Faults, MemoryConfig};
use tidewire_protocol::{ChannelName, ClientFrame};
use tidewire_server::Switches;
use tidewire_session::{Input, LinkEvent, LinkId, Wake};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};

use crate::book::Book;
use crate::client::Client;
use crate::judge::Stage;
use crate::link::News;
use crate::losses::Losses;
use crate::network::Pipe;
use crate::node::Place;
use crate::{Failure, Plan, Promise, Tally};

/// What a world tells of what happens in it.
#[derive(Debug)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// Everything, a line each.
    All(Vec<String>),
}

impl Told {
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        match self {
            Self::Nothing => {}
            Self::All(lines) => lines.push(line()),
        }
    }
}

/// Plays a plan to its end and judges what happened.
///
/// # Errors
/// A promise that does not hold.
pub fn play(plan: &Plan, switches: Switches, told: &mut Told) -> Result<Tally, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Promise::Sanity.broken(error.to_string()))?;
    runtime.block_on(async {
        let mut world = World::new(plan, switches, told);
        let played = world.run().await;
        let now = world.now();
        world.told.say(|| format!("{now:>6} {played:?}"));
        played.map(|()| Tally { milliseconds: now, ..world.book.tally })
    })
}

/// Nodes, clients, logs, and what is to happen.
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) switches: Switches,
    pub(crate) told: &'a mut Told,
    pub(crate) channel: ChannelName,
    began: Instant,
    queue: BTreeMap<(u64, u64), Due>,
    tickets: u64,
    pub(crate) faults: Faults,
    pub(crate) places: Vec<Place>,
    pub(crate) starts: usize,
    pub(crate) clients: Vec<Client>,
    pub(crate) links: BTreeMap<(usize, LinkId), Pipe>,
    pub(crate) dialing: BTreeSet<(usize, LinkId)>,
    pub(crate) news: UnboundedSender<News>,
    inbox: UnboundedReceiver<News>,
    pub(crate) book: Book,
    pub(crate) losses: Losses,
    pub(crate) stage: Stage,
}

/// What is to happen at a moment.
pub(crate) enum Due {
    /// A step of the plan, by its place in it.
    Step(usize),
    Dial {
        client: usize,
        link: LinkId,
    },
    Up {
        client: usize,
        link: LinkId,
        frames: Vec<ClientFrame>,
    },
    Down {
        client: usize,
        link: LinkId,
        event: LinkEvent,
        cover: usize,
    },
    HangUp {
        client: usize,
        link: LinkId,
    },
    Tick {
        client: usize,
    },
    Wake {
        client: usize,
        wake: Wake,
    },
    /// The faults end.
    Rest,
    /// Is all as it should be?
    Look,
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan, switches: Switches, told: &'a mut Told) -> Self {
        let size = &plan.size;
        let config = MemoryConfig { arrivals: size.arrivals, ..MemoryConfig::default() };
        let faults = Faults::new(config, plan.seed);
        faults.lag(Duration::from_millis(size.lag));
        let (news, inbox) = mpsc::unbounded_channel();
        let mut world = Self {
            plan,
            switches,
            told,
            channel: CHANNEL.parse().expect("a channel's name"),
            began: Instant::now(),
            queue: BTreeMap::new(),
            tickets: 0,
            faults,
            places: Vec::new(),
            starts: 0,
            clients: (0..size.clients).map(|client| Client::new(plan.seed, client, size.in_flight)).collect(),
            links: BTreeMap::new(),
            dialing: BTreeSet::new(),
            news,
            inbox,
            book: Book::default(),
            losses: Losses::default(),
            stage: Stage::Faults,
        };
        world.book.begin_empty_log();
        world.book.readers.resize_with(size.readers, Default::default);
        for _ in 0..size.nodes {
            let place = world.new_place();
            world.places.push(place);
        }
        for (index, step) in plan.steps.iter().enumerate() {
            world.at(step.at, Due::Step(index));
        }
        world.at(size.active + 1, Due::Rest);
        world
    }

    async fn run(&mut self) -> Result<(), Failure> {
        for client in 0..self.clients.len() {
            self.begin_client(client)?;
        }
        while self.stage != Stage::Over {
            let now = self.now();
            if let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= now) {
                let ((_, ticket), due) = entry.remove_entry();
                self.happen(ticket, due).await?;
                continue;
            }
            let next = self.queue.keys().next().map_or(u64::MAX, |(at, _)| *at);
            tokio::select! {
                biased;
                Some(news) = self.inbox.recv() => self.hears(news)?,
                () = sleep_until(self.began + Duration::from_millis(next)) => {}
            }
        }
        Ok(())
    }

    /// Milliseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn at(&mut self, at: u64, due: Due) {
        self.tickets += 1;
        self.queue.insert((at, self.tickets), due);
    }

    async fn happen(&mut self, ticket: u64, due: Due) -> Result<(), Failure> {
        // Who sleeps hears it later, and who is gone never.
        if let Some(client) = due.client() {
            let client = &self.clients[client];
            if client.is_gone {
                return Ok(());
            }
            let thaw = client.frozen;
            if thaw > self.now() {
                // In the order in which it came.
                self.queue.insert((thaw, ticket), due);
                return Ok(());
            }
        }
        match due {
            Due::Step(index) => {
                let step = self.plan.steps[index];
                for _ in 0..step.rounds {
                    tokio::task::yield_now().await;
                }
                let now = self.now();
                self.told.say(|| format!("{now:>6} {step}"));
                self.take_down_the_journal()?;
                self.step(step.what)?;
                self.look_for_losses()
            }
            Due::Dial { client, link } => self.dial(client, link),
            Due::Up { client, link, frames } => {
                self.arrive(client, link, &frames);
                Ok(())
            }
            Due::Down { client, link, event, cover } => self.hear(client, link, event, cover),
            Due::HangUp { client, link } => {
                drop(self.links.remove(&(client, link)));
                Ok(())
            }
            Due::Tick { client } => self.tick(client),
            Due::Wake { client, wake } => {
                let cover = self.book.taken.len();
                self.drive(client, Input::Wake(wake), cover)
            }
            Due::Rest => self.rest(),
            Due::Look => self.look(),
        }
    }
}

impl Due {
    /// The client that must be awake for it.
    fn client(&self) -> Option<usize> {
        match self {
            Self::Dial { client, .. }
            | Self::Down { client, .. }
            | Self::Tick { client }
            | Self::Wake { client, .. } => Some(*client),
            Self::Step(_) | Self::Up { .. } | Self::HangUp { .. } | Self::Rest | Self::Look => None,
        }
    }
}

const CHANNEL: &str = "news:today";
