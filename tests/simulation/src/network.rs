//! What carries frames between clients and nodes, and delays, cuts and holds them up.

use std::collections::BTreeMap;
use std::time::Duration;

use tidewire_protocol::{ClientFrame, Codec, RequestId, ServerFrame};
use tidewire_session::{LinkEvent, LinkId};

use crate::book::{Number, number_of};
use crate::chance::drawn;
use crate::link::{Incoming, Link, News};
use crate::node::Health;
use crate::world::{Due, World};
use crate::{Failure, Promise};

/// A link, and when what is under way on it arrives.
pub(crate) struct Pipe {
    link: Link,
    /// The start of the node at its other end.
    pub(crate) start: usize,
    up: u64,
    down: u64,
    messages: u64,
    /// Nothing passes any more, and nobody knows.
    pub(crate) is_silent: bool,
    asked: BTreeMap<RequestId, Number>,
}

impl World<'_> {
    pub(crate) fn open(&mut self, client: usize, link: LinkId) {
        self.dialing.insert((client, link));
        let at = self.now() + self.delay(&[client as u64, link.0.into(), 0]);
        self.at(at, Due::Dial { client, link });
    }

    pub(crate) fn dial(&mut self, client: usize, link: LinkId) -> Result<(), Failure> {
        if !self.dialing.remove(&(client, link)) {
            return Ok(());
        }
        let place = drawn(&[self.plan.seed, client as u64, link.0.into(), 1]) % self.places.len() as u64;
        let place = &self.places[place as usize];
        let codec = if client.is_multiple_of(2) { Codec::Binary } else { Codec::Json };
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let (cover, now) = (self.book.taken.len(), self.now());
        if place.health == Health::Crashed || !place.node.connect(theirs, codec) {
            let event = LinkEvent::Closed { code: None, reason: String::from("nobody is there") };
            return self.hear(client, link, event, cover);
        }
        self.book.tally.links += 1;
        let pipe = Pipe {
            link: Link::over(ours, codec, (client, link), self.news.clone()),
            start: place.start,
            up: now,
            down: now,
            messages: 0,
            is_silent: false,
            asked: BTreeMap::new(),
        };
        self.links.insert((client, link), pipe);
        self.hear(client, link, LinkEvent::Opened, cover)
    }

    pub(crate) fn send_up(&mut self, client: usize, link: LinkId, frames: Vec<ClientFrame>) {
        let now = self.now();
        let Some(pipe) = self.links.get_mut(&(client, link)) else { return };
        for frame in &frames {
            if let ClientFrame::Publish(publish) = frame {
                pipe.asked.insert(publish.id, number_of(&publish.payload));
            }
        }
        pipe.messages += 1;
        let from = [client as u64, link.0.into(), 2, pipe.messages];
        let at = self.delay(&from) + now;
        if let Some(pipe) = self.links.get_mut(&(client, link)) {
            pipe.up = pipe.up.max(at);
            let at = pipe.up;
            self.at(at, Due::Up { client, link, frames });
        }
    }

    /// Frames come to the node.
    pub(crate) fn arrive(&self, client: usize, link: LinkId, frames: &[ClientFrame]) {
        if let Some(pipe) = self.links.get(&(client, link)).filter(|pipe| !pipe.is_silent) {
            pipe.link.send(frames);
        }
    }

    /// The client closes: what it has said before is still heard.
    pub(crate) fn hang_up(&mut self, client: usize, link: LinkId) {
        self.dialing.remove(&(client, link));
        if let Some(pipe) = self.links.get(&(client, link)) {
            let at = pipe.up.max(self.now()) + 1;
            self.at(at, Due::HangUp { client, link });
        }
    }

    /// A link is cut, for the node at once; the client may find it out later.
    pub(crate) fn cut(&mut self, (client, link): (usize, LinkId), noticed: bool) {
        let Some(pipe) = self.links.remove(&(client, link)) else { return };
        pipe.link.cut();
        if noticed {
            let at = self.now() + self.delay(&[client as u64, link.0.into(), 3]);
            let event = LinkEvent::Closed { code: None, reason: String::from("cut") };
            self.at(at, Due::Down { client, link, event, cover: 0 });
        }
    }

    pub(crate) fn stall(&mut self, client: usize, length: Duration) {
        for (_, pipe) in self.links.iter().filter(|((owner, _), _)| *owner == client) {
            pipe.link.stall(length);
        }
    }

    pub(crate) fn hears(&mut self, News { client, link, what }: News) -> Result<(), Failure> {
        self.take_down_the_journal()?;
        let (now, cover) = (self.now(), self.book.taken.len());
        let Some(pipe) = self.links.get_mut(&(client, link)).filter(|pipe| !pipe.is_silent) else {
            return Ok(());
        };
        pipe.messages += 1;
        let from = [client as u64, link.0.into(), 4, pipe.messages];
        let event = match what {
            Incoming::Frames(mut frames) => {
                // A connection's real name is another each time.
                for frame in &mut frames {
                    if let ServerFrame::Welcome(welcome) = frame {
                        welcome.connection = format!("{client}-{}", link.0);
                    }
                }
                self.overhear(client, link, &frames);
                LinkEvent::Received(frames)
            }
            Incoming::Garbled(why) => {
                return Err(Promise::Sanity.broken(format!("client {client} cannot read: {why}")));
            }
            Incoming::Closed(code) => {
                let event = LinkEvent::Closed { code, reason: String::from("closed") };
                if let Some(pipe) = self.links.remove(&(client, link)) {
                    self.at(pipe.down.max(now), Due::Down { client, link, event, cover });
                }
                return Ok(());
            }
        };
        let at = now + self.delay(&from);
        if let Some(pipe) = self.links.get_mut(&(client, link)) {
            pipe.down = pipe.down.max(at);
            let at = pipe.down;
            self.at(at, Due::Down { client, link, event, cover });
        }
        Ok(())
    }

    /// What the judge learns of what a node says to a client.
    fn overhear(&mut self, client: usize, link: LinkId, frames: &[ServerFrame]) {
        let now = self.now();
        let Some(pipe) = self.links.get_mut(&(client, link)) else { return };
        let place = self.places.iter_mut().find(|place| place.start == pipe.start);
        let mut acknowledged = Vec::new();
        for frame in frames {
            if let ServerFrame::Published(answer) = frame {
                acknowledged.extend(pipe.asked.remove(&answer.id));
            } else if let ServerFrame::Rewound(_) = frame {
                self.book.disturb(client);
            } else if let ServerFrame::Subscribed(answer) = frame
                && let Some(from) = answer.from
            {
                self.book.go_on_from(client, from);
            }
        }
        if let Some(place) = place {
            place.acknowledged.extend(acknowledged.into_iter().map(|number| (number, now)));
        }
    }

    fn delay(&self, from: &[u64]) -> u64 {
        drawn(&[&[self.plan.seed], from].concat()) % (self.plan.size.latency + 1)
    }
}

/// Bytes that are under way between a client and its node, in each direction.
const PIPE: usize = 4 << 10;
