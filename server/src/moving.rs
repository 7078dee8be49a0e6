//! Asking clients to go on over another connection, which through a balancer leads to another node.

use std::sync::atomic::Ordering;

use tidewire_protocol::{GoingAway, ServerFrame};

use crate::Drain;
use crate::connection::Connection;
use crate::node::Inner;

/// Why a client is asked to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The node goes away.
    Drain,
    /// The node gives a share of its connections away.
    Shed,
    /// The connection is as old as connections may be.
    Age,
}

/// How much of something, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// A part of a hundred; `None` where it is not from 1 to 100.
    pub const fn new(percent: u8) -> Option<Self> {
        if matches!(percent, 1..=100) { Some(Self(percent)) } else { None }
    }

    /// Whether the one after `before` others belongs to the share: so many of a hundred do, evenly among them.
    fn takes(self, before: usize) -> bool {
        let taken_of = |count: usize| (count * usize::from(self.0) + 50) / 100;
        taken_of(before + 1) > taken_of(before)
    }
}

/// Asks a client to move at a random moment of the spread.
pub(crate) fn ask(connection: &Connection, Drain { within, spread }: Drain, why: Why) {
    connection.activity.asked_to_move.store(true, Ordering::Relaxed);
    let [within_ms, spread_ms] =
        [within, spread].map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
    connection.say(&ServerFrame::GoingAway(GoingAway { within_ms, spread_ms }));
    metrics::counter!("tidewire_moves_asked_total", "why" => why.word()).increment(1);
}

/// Asks a share of those to move that were not asked yet; answers how many.
pub(crate) fn shed(node: &Inner, share: Percent) -> usize {
    let may_be_asked = |connection: &Connection| {
        connection.is_greeted() && !connection.activity.asked_to_move.load(Ordering::Relaxed)
    };
    let connections = node.connections.all().filter(|connection| may_be_asked(connection));
    let chosen = connections.enumerate().filter(|(before, _)| share.takes(*before));
    chosen.inspect(|(_, connection)| ask(connection, node.settings.drain, Why::Shed)).count()
}

impl Why {
    const fn word(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Shed => "shed",
            Self::Age => "age",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_taken_evenly() {
        for (percent, count, share) in
            [(1, 49, 0), (1, 50, 1), (30, 10, 3), (50, 1, 1), (100, 7, 7), (33, 1000, 330)]
        {
            let percent = Percent::new(percent).expect("from 1 to 100");
            let taken: Vec<usize> = (0..count).filter(|before| percent.takes(*before)).collect();
            assert_eq!(taken.len(), share, "{percent:?} of {count}");
            let apart = taken.windows(2).map(|pair| pair[1] - pair[0]);
            let (least, most) = (apart.clone().min().unwrap_or(0), apart.max().unwrap_or(0));
            assert!(most - least <= 1, "{percent:?} of {count}: {taken:?}");
        }
    }
}
