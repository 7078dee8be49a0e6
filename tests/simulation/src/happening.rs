use std::collections::BTreeSet;
use std::time::Duration;

use tidewire_backbone::Pace;
use tidewire_server::Percent;
use tidewire_session::{LinkId, Wake};

use crate::book::number_of;
use crate::node::{Health, Place};
use crate::world::{Due, World};
use crate::{Failure, Happening};

impl World<'_> {
    /// One step of the plan.
    pub(crate) fn step(&mut self, what: Happening) -> Result<(), Failure> {
        match what {
            Happening::Publish { client } => {
                if !self.clients[client].is_gone {
                    self.publish(client)?;
                }
            }
            Happening::FailOver(noticed) => {
                let lost = self.faults.fail_over(noticed);
                let lost: BTreeSet<_> = lost.iter().map(|taken| number_of(&taken.entry.payload)).collect();
                self.book.tally.failovers += 1;
                self.book.tally.rolled_back += lost.len() as u64;
                self.book.begin_log(&lost);
            }
            Happening::LoseEverything => {
                self.book.tally.failovers += 1;
                self.book.tally.rolled_back += self.book.log().len() as u64;
                self.faults.lose_everything();
                self.book.begin_empty_log();
            }
            Happening::Trim { entries } => self.faults.trim(&self.channel, entries),
            Happening::Turn { node } => self.places[node].backbone.turn(),
            Happening::LoseNews { node } => self.lose_news(node),
            Happening::MendNews { node } => self.mend_news(node),
            Happening::Interrupt { node } => {
                if self.places[node].hears_news {
                    self.places[node].backbone.interrupt();
                }
            }
            Happening::GoDown { node } => {
                if self.places[node].health == Health::Up {
                    self.places[node].health = Health::Alone;
                    self.places[node].backbone.go_down();
                }
            }
            Happening::ComeBack { node } => self.come_back(node),
            Happening::LoseAnswers { node, publishes } => self.places[node].backbone.lose_answers(publishes),
            Happening::Pace { node, request, answer } => self.pace(node, request, answer),
            Happening::Crash { node } => self.crash(node),
            Happening::Start { node } => self.start(node),
            Happening::Shed { node } => {
                if let (Some(all), Health::Up) = (Percent::new(100), self.places[node].health) {
                    self.places[node].node.shed(all);
                }
            }
            Happening::Drain { node } => {
                if self.places[node].health == Health::Up {
                    // It may be draining already.
                    let _ = self.places[node].node.start_draining();
                    self.places[node].is_draining = true;
                }
            }
            Happening::Unsubscribe { client } => self.unsubscribe(client)?,
            Happening::Subscribe { client } => self.subscribe(client)?,
            Happening::Cut { client, noticed } => {
                if let Some(link) = self.newest_link(client) {
                    self.cut(link, noticed);
                }
            }
            Happening::Silence { client } => {
                if let Some(pipe) = self.newest_link(client).and_then(|link| self.links.get_mut(&link)) {
                    pipe.is_silent = true;
                }
            }
            Happening::Stall { client, length } => self.stall(client, Duration::from_millis(length)),
            Happening::Freeze { client, length, wake } => {
                let thaw = (self.now() + length).max(self.clients[client].frozen);
                self.clients[client].frozen = thaw;
                self.at(thaw, Due::Wake { client, wake });
            }
            Happening::Wake { client, wake } => {
                let now = self.now();
                self.at(now, Due::Wake { client, wake });
            }
            Happening::Leave { client } => self.leave(client),
        }
        Ok(())
    }

    /// The faults end: what is broken is mended, and only that, for a node that is told more than it must be may find
    /// out what it should have found by itself.
    pub(crate) fn rest(&mut self) -> Result<(), Failure> {
        let now = self.now();
        self.told.say(|| format!("{now:>6} the faults end"));
        for node in 0..self.places.len() {
            if self.places[node].is_draining {
                self.crash(node);
            }
            self.start(node);
            self.come_back(node);
            self.mend_news(node);
            self.pace(node, 0, 0);
            self.places[node].backbone.lose_answers(0);
            self.places[node].backbone.turn();
        }
        let silent = self.links.iter().filter(|(_, pipe)| pipe.is_silent);
        let silent: Vec<_> = silent.map(|(link, _)| *link).collect();
        silent.into_iter().for_each(|link| self.cut(link, true));
        for client in 0..self.clients.len() {
            self.subscribe(client)?;
            self.at(now, Due::Wake { client, wake: Wake::Online });
        }
        self.begin_to_look();
        self.look_for_losses()
    }

    pub(crate) fn new_place(&mut self) -> Place {
        self.starts += 1;
        let place = Place::start(self.starts, &self.faults, &self.plan.size, self.switches);
        place.backbone.pace(usual(self.plan.size.pace));
        place
    }

    fn start(&mut self, node: usize) {
        if self.places[node].health == Health::Crashed {
            self.places[node] = self.new_place();
        }
    }

    fn crash(&mut self, node: usize) {
        if self.places[node].health == Health::Crashed {
            return;
        }
        self.book.tally.crashes += 1;
        let start = self.places[node].start;
        let links = self.links.iter().filter(|(_, pipe)| pipe.start == start);
        let links: Vec<_> = links.map(|(link, _)| *link).collect();
        links.into_iter().for_each(|link| self.cut(link, true));
        self.places[node].crash();
    }

    fn come_back(&mut self, node: usize) {
        if self.places[node].health == Health::Alone {
            self.places[node].health = Health::Up;
            self.places[node].hears_news = true;
            self.places[node].backbone.come_back();
        }
    }

    fn lose_news(&mut self, node: usize) {
        if self.places[node].health != Health::Crashed {
            self.places[node].hears_news = false;
            self.places[node].backbone.lose_news();
        }
    }

    fn mend_news(&mut self, node: usize) {
        if !self.places[node].hears_news {
            self.places[node].hears_news = true;
            self.places[node].backbone.mend_news();
        }
    }

    /// How long a node's calls take; 0 as usual.
    fn pace(&mut self, node: usize, request: u64, answer: u64) {
        let usually = self.plan.size.pace;
        let upto = |most: u64| Duration::ZERO..=Duration::from_millis(most.max(usually));
        self.places[node].backbone.pace(Pace { request: upto(request), answer: upto(answer) });
    }

    fn leave(&mut self, client: usize) {
        self.clients[client].is_gone = true;
        let links = self.links.keys().filter(|(owner, _)| *owner == client);
        let links: Vec<_> = links.copied().collect();
        links.into_iter().for_each(|link| self.cut(link, false));
    }

    fn newest_link(&self, client: usize) -> Option<(usize, LinkId)> {
        self.links.keys().rfind(|(owner, _)| *owner == client).copied()
    }
}

fn usual(pace: u64) -> Pace {
    let some = Duration::ZERO..=Duration::from_millis(pace);
    Pace { request: some.clone(), answer: some }
}
