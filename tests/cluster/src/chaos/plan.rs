use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::{Fault, Topology, Trouble};
use crate::Way;

/// One fault, how long it lasts, and what comes after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strike {
    /// What.
    pub fault: Fault,
    /// From its beginning to its end.
    pub lasts: Duration,
    /// Another, that begins in the middle of it and ends before it.
    pub beside: Option<Fault>,
    /// How long there is peace afterwards, once all is delivered.
    pub peace: Duration,
}

/// Faults at random: the same seed plans the same ones. Every kind comes before one comes again.
#[derive(Debug)]
pub struct Plan {
    topology: Topology,
    nodes: usize,
    dice: StdRng,
    deck: Vec<Card>,
}

#[derive(Clone, Copy, Debug)]
enum Card {
    NodeKilled,
    NodeFrozen,
    NodeDrained,
    Clients(Network),
    Backbone(Network),
    SubscriptionsMuted,
    RedisEmptied,
    PrimaryFrozen,
    PrimaryKilled,
    FailedOverWithLag,
    ReplicaFrozen,
    ReplicaKilled,
    SlotsMoved,
    ScriptsFlushed,
    ConnectionsKilled,
    MemoryFull,
    ClocksJump,
}

#[derive(Clone, Copy, Debug)]
enum Network {
    Cut,
    Refused,
    Blackholed,
    HalfOpen,
    Delayed,
    Slow,
}

const NETWORK: [Network; 6] =
    [Network::Cut, Network::Refused, Network::Blackholed, Network::HalfOpen, Network::Delayed, Network::Slow];
/// What every arrangement of Redis has; what counts most comes most often.
const EVERYWHERE: [Card; 12] = [
    Card::NodeKilled,
    Card::NodeKilled,
    Card::NodeKilled,
    Card::NodeFrozen,
    Card::NodeFrozen,
    Card::NodeDrained,
    Card::SubscriptionsMuted,
    Card::PrimaryFrozen,
    Card::ScriptsFlushed,
    Card::ConnectionsKilled,
    Card::MemoryFull,
    Card::ClocksJump,
];

impl Plan {
    /// Plans for a cluster of so many nodes.
    pub fn new(topology: Topology, nodes: usize, seed: u64) -> Self {
        Self { topology, nodes, dice: StdRng::seed_from_u64(seed), deck: Vec::new() }
    }

    fn shuffle(&mut self) {
        self.deck.extend(EVERYWHERE);
        self.deck
            .extend(NETWORK.iter().flat_map(|&trouble| [Card::Clients(trouble), Card::Backbone(trouble)]));
        self.deck.extend_from_slice(match self.topology {
            Topology::Standalone => &[Card::RedisEmptied, Card::FailedOverWithLag, Card::FailedOverWithLag],
            Topology::Sentinel => &[
                Card::PrimaryKilled,
                Card::FailedOverWithLag,
                Card::FailedOverWithLag,
                Card::ReplicaFrozen,
                Card::ReplicaKilled,
            ],
            Topology::Cluster => &[
                Card::PrimaryKilled,
                Card::FailedOverWithLag,
                Card::FailedOverWithLag,
                Card::ReplicaFrozen,
                Card::ReplicaKilled,
                Card::SlotsMoved,
                Card::SlotsMoved,
            ],
        });
        self.deck.shuffle(&mut self.dice);
    }

    fn fault(&mut self, card: Card) -> Fault {
        let node = self.dice.random_range(0..self.nodes);
        match card {
            Card::NodeKilled => Fault::NodeKilled(node),
            Card::NodeFrozen => Fault::NodeFrozen(node),
            Card::NodeDrained => Fault::NodeDrained(node),
            // Deliveries to one client are 8 kB/s, what a node hears of Redis is 80 kB/s.
            Card::Clients(network) => Fault::Clients(node, self.trouble(network, 6_000)),
            Card::Backbone(network) => Fault::Backbone(node, self.trouble(network, 60_000)),
            Card::SubscriptionsMuted => Fault::SubscriptionsMuted(node),
            Card::RedisEmptied => Fault::RedisEmptied,
            Card::PrimaryFrozen => Fault::PrimaryFrozen,
            Card::PrimaryKilled => Fault::PrimaryKilled,
            Card::FailedOverWithLag => Fault::FailedOverWithLag(Duration::from_millis(300)),
            Card::ReplicaFrozen => Fault::ReplicaFrozen,
            Card::ReplicaKilled => Fault::ReplicaKilled,
            Card::SlotsMoved => Fault::SlotsMoved,
            Card::ScriptsFlushed => Fault::ScriptsFlushed,
            Card::ConnectionsKilled => Fault::ConnectionsKilled,
            Card::MemoryFull => Fault::MemoryFull,
            Card::ClocksJump => Fault::ClocksJump(Duration::from_secs(self.dice.random_range(5..90))),
        }
    }

    fn trouble(&mut self, network: Network, slow: u32) -> Trouble {
        match network {
            Network::Cut => Trouble::Cut,
            Network::Refused => Trouble::Refused,
            Network::Blackholed => {
                Trouble::Blackholed([Way::There, Way::Back, Way::Both][self.dice.random_range(0..3)])
            }
            Network::HalfOpen => Trouble::HalfOpen,
            Network::Delayed => Trouble::Delayed(Duration::from_millis(self.dice.random_range(50..400))),
            Network::Slow => Trouble::Slow(slow),
        }
    }

    fn draw(&mut self) -> Card {
        loop {
            if let Some(card) = self.deck.pop() {
                return card;
            }
            self.shuffle();
        }
    }
}

impl Iterator for Plan {
    type Item = Strike;

    /// There is always another.
    fn next(&mut self) -> Option<Strike> {
        let card = self.draw();
        let fault = self.fault(card);
        // One in six is long enough for a client to notice silence.
        let long = self.dice.random_range(0..6) == 0;
        let millis = if long { 13_000..16_000 } else { 1_000..5_000 };
        let mut lasts = Duration::from_millis(self.dice.random_range(millis));
        let beside = (self.dice.random_range(0..6) == 0).then(|| {
            let network = NETWORK[self.dice.random_range(0..NETWORK.len())];
            let card = if self.dice.random() { Card::Clients(network) } else { Card::Backbone(network) };
            self.fault(card)
        });
        // What publishers keep while nothing is accepted is bounded.
        let stops = [Fault::PrimaryFrozen, Fault::ReplicaFrozen, Fault::MemoryFull, Fault::RedisEmptied];
        if stops.contains(&fault) {
            lasts = lasts.min(Duration::from_secs(8));
        }
        let peace = Duration::from_millis(self.dice.random_range(500..2_000));
        Some(Strike { fault, lasts, beside, peace })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_plans_the_same_faults_each_time() {
        let plan = |seed| Plan::new(Topology::Cluster, 3, seed).take(100).collect::<Vec<_>>();
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn every_kind_comes_before_one_comes_again_too_often() {
        for topology in [Topology::Standalone, Topology::Sentinel, Topology::Cluster] {
            let kinds: std::collections::HashSet<_> =
                Plan::new(topology, 3, 1).take(30).map(|strike| strike.fault.kind()).collect();
            assert!(kinds.len() >= 22, "{topology}: {kinds:?}");
        }
    }
}
