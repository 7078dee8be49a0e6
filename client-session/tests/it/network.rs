//! The promise itself: over a network that delays, cuts, freezes and overlaps links, over nodes that crash and logs
//! that lose their tails, every accepted publication reaches every subscriber once and in order, or it is told.
//!
//! The nodes here are the simplest that keep the rules of healing; real ones have their own tests. Each seed is a
//! world of its own; a failing one is named, and played alone, with its whole story, by
//! `SEED=… cargo test --package tidewire-session every_publication -- --nocapture`.

mod book;
mod chance;
mod client;
mod log;
mod node;
mod page;
mod serving;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::book::Counts;
use self::world::{Broken, Pages, World};

/// `SEEDS=…` plays more, or fewer.
const SEEDS: u64 = 2_000;

#[test]
fn every_publication_arrives_once_and_in_order_or_a_gap_says_why() {
    let mut all = Counts::default();
    for seed in seeds() {
        let counts = catch_unwind(|| World::play(seed, Broken::Nothing, Pages::Stay))
            .unwrap_or_else(|_| panic!("seed {seed} breaks the promise"));
        all = all.plus(counts);
    }
    println!("{all:?}");
    if std::env::var("SEED").is_err() && std::env::var("SEEDS").is_err() {
        // The worlds must have had something to show.
        assert!(
            all.shown > 100_000 && all.resets > 100 && all.missing > 10 && all.resumed > 1_000,
            "{all:?}"
        );
        assert!(all.excused * 100 < all.shown, "{all:?}");
    }
}

#[test]
fn the_checks_find_each_kind_of_broken_server() {
    for broken in [
        Broken::SkipsEntries,
        Broken::RepeatsEntries,
        Broken::AcknowledgesWhatIsNotTaken,
        Broken::TakesAnySeq,
        Broken::DoesNotHeal,
        Broken::DoesNotRewind,
    ] {
        let found = (0..200)
            .any(|seed| catch_unwind(AssertUnwindSafe(|| World::play(seed, broken, Pages::Stay))).is_err());
        assert!(found, "nobody notices a server that {broken:?}");
    }
}

#[test]
fn what_a_page_stored_is_in_the_log_once_and_in_order_when_the_page_is_loaded_anew() {
    let mut all = Counts::default();
    for seed in seeds() {
        let counts = catch_unwind(|| World::play(seed, Broken::Nothing, Pages::Reload))
            .unwrap_or_else(|_| panic!("seed {seed} breaks the promise"));
        all = all.plus(counts);
    }
    println!("{all:?}");
    if std::env::var("SEED").is_err() && std::env::var("SEEDS").is_err() {
        assert!(all.restored > 1_000, "{all:?}");
    }
}

#[test]
fn the_checks_find_a_page_that_sends_what_is_not_stored() {
    let broken = Broken::SendsBeforeItIsStored;
    let found = (0..400).any(|seed| catch_unwind(|| World::play(seed, broken, Pages::Reload)).is_err());
    assert!(found, "nobody notices a page that {broken:?}");
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    }
}
