//! Mechanisms that a test takes away, to see what each is for: with one of them off, the tests of the promise must
//! fail. All are on unless the feature `switches` is there and somebody asks.

use std::str::FromStr;

use tidewire_backbone::{Answer, Appended, Arrival, Draft};
use tidewire_protocol::{Position, PublisherId, Tag};

/// Which mechanisms work; by default all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "switches"), expect(unreachable_pub, reason = "public with the feature"))]
pub struct Switches {
    /// Off: each attempt to publish is a publication of its own, with a publisher that nobody has seen.
    pub deduplication: bool,
    /// Off: positions are believed by their offset alone, and what arrives is taken whether or not it fits.
    pub tags: bool,
    /// Off: word that news may have been missed is ignored.
    pub sweep: bool,
    /// Off: what a log lost is not appended again by nodes.
    pub healing: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { deduplication: true, tags: true, sweep: true, healing: true }
    }
}

/// The mechanisms that are off, by name, with commas between them: `tags,sweep`.
impl FromStr for Switches {
    type Err = String;

    fn from_str(off: &str) -> Result<Self, String> {
        let mut switches = Self::default();
        for name in off.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let switch = match name {
                "deduplication" => &mut switches.deduplication,
                "tags" => &mut switches.tags,
                "sweep" => &mut switches.sweep,
                "healing" => &mut switches.healing,
                _ => return Err(format!("{name:?} is none of deduplication, tags, sweep, healing")),
            };
            *switch = false;
        }
        Ok(switches)
    }
}

impl Switches {
    /// A publication as it goes to the backbone.
    pub(crate) fn going(self, draft: Draft) -> Draft {
        match self.deduplication {
            true => draft,
            false => Draft { publisher: PublisherId(rand::random()), seq: 1, ..draft },
        }
    }

    /// What the backbone said of it.
    pub(crate) fn gone(self, appended: Appended) -> Appended {
        let seen = |position: Option<Position>| position.map(|position| self.position(position));
        match appended {
            Appended::Accepted { position, missing } => {
                Appended::Accepted { position: seen(position), missing }
            }
            Appended::Old { position } => Appended::Old { position: seen(position) },
            Appended::Behind { last } => Appended::Behind { last },
        }
    }

    /// News of the backbone as the node takes them, if it does.
    pub(crate) fn arrival(self, arrival: Arrival) -> Option<Arrival> {
        match arrival {
            Arrival::Interrupted(_) if !self.sweep => None,
            Arrival::Published(channel, mut entry) => {
                entry.position = self.position(entry.position);
                Some(Arrival::Published(channel, entry))
            }
            Arrival::Announced(channel, position) => {
                Some(Arrival::Announced(channel, self.position(position)))
            }
            Arrival::Interrupted(_) | Arrival::Ephemeral(..) | Arrival::Presence(..) => Some(arrival),
        }
    }

    /// A part of a log as the node takes it.
    pub(crate) fn answer(self, mut answer: Answer) -> Answer {
        if !self.tags {
            answer.tip = self.position(answer.tip);
            answer.run.base = self.position(answer.run.base);
            for entry in &mut answer.run.entries {
                entry.position = self.position(entry.position);
            }
        }
        answer
    }

    /// A position as the node takes it.
    pub(crate) fn position(self, position: Position) -> Position {
        match self.tags {
            true => position,
            false => Position { tag: Tag(0), ..position },
        }
    }
}
