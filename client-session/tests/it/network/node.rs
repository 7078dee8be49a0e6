use std::collections::BTreeMap;

use tidewire_protocol::{Position, PublisherId};
use tidewire_session::LinkId;

use super::log::{Draft, Name};

/// A node, as simple as the rules allow: it serves subscribers straight from the log that it takes for the primary.
pub(super) struct Node {
    pub(super) up: bool,
    /// Which log server it talks to.
    pub(super) server: usize,
    pub(super) links: BTreeMap<(usize, LinkId), NodeLink>,
    /// What it acknowledged, with its channel and when: to be put back where the log loses it.
    pub(super) settle: Vec<(usize, Draft, u64)>,
    /// What it puts back now, since when.
    pub(super) mend: Vec<(usize, Draft, u64)>,
}

/// A client's link at its node.
#[derive(Default)]
pub(super) struct NodeLink {
    pub(super) publisher: Option<PublisherId>,
    pub(super) subscriptions: BTreeMap<usize, Sent>,
}

/// What a subscription was sent: every position, oldest first; never empty.
pub(super) struct Sent(pub(super) Vec<Position>);

impl Sent {
    pub(super) fn tip(&self) -> Position {
        *self.0.last().unwrap()
    }
}

impl Node {
    pub(super) fn new() -> Self {
        Self { up: true, server: 0, links: BTreeMap::new(), settle: Vec::new(), mend: Vec::new() }
    }

    pub(super) fn crash(&mut self) -> Vec<(usize, LinkId)> {
        self.up = false;
        self.settle.clear();
        self.mend.clear();
        std::mem::take(&mut self.links).into_keys().collect()
    }

    pub(super) fn keeps(&self, name: Name) -> bool {
        self.up && self.settle.iter().chain(&self.mend).any(|(_, kept, _)| kept.name == name)
    }
}
