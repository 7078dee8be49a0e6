//! The promise under seeded schedules of faults.

use std::time::Instant;

use tidewire_server::Switches;
use tidewire_simulation::{Plan, Promise, Tally, Told, play, search, shrink};

/// `SEEDS=…` plays more, or fewer; `FIRST=…` begins elsewhere.
const SEEDS: u64 = 20_000;

#[test]
fn no_schedule_of_faults_breaks_the_promise() {
    let began = Instant::now();
    let first = number("FIRST").unwrap_or(0);
    let seeds = first..first + number("SEEDS").unwrap_or(SEEDS);
    let found = search(seeds.clone(), Switches::default(), 10);
    println!("{:.1} s: {:?}", began.elapsed().as_secs_f64(), found.tally);
    for (seed, failure) in &found.failures {
        println!("seed {seed}: {failure}");
    }
    if seeds == (0..SEEDS) && found.failures.is_empty() {
        // The schedules must have had something to show.
        let Tally { shown, resets, missing, rewinds, healed, excused, .. } = found.tally;
        assert!(shown > 200_000 && resets > 5_000 && healed > 20_000, "{:?}", found.tally);
        assert!(missing > 50 && rewinds > 200 && excused < shown / 20, "{:?}", found.tally);
    }
    if let Some((seed, failure)) = found.failures.into_iter().next() {
        let plan = Plan::of(seed);
        let (small, failure) = shrink(plan, failure, Switches::default());
        let kept: Vec<String> = small.steps.iter().map(|step| step.number.to_string()).collect();
        println!("\n{failure}\n{:?}", small.size);
        small.steps.iter().for_each(|step| println!("{step}"));
        panic!(
            "seed {seed} breaks the promise; the whole story: SEED={seed} KEEP={} cargo test --package \
             tidewire-simulation --test it one_seed -- --ignored --nocapture",
            kept.join(",")
        );
    }
}

#[test]
#[ignore = "tells the story of SEED, with the steps of KEEP only"]
fn one_seed() {
    let mut plan = Plan::of(number("SEED").unwrap_or(0));
    if let Ok(kept) = std::env::var("KEEP") {
        let kept: Vec<usize> = kept.split(',').filter_map(|number| number.parse().ok()).collect();
        plan = plan.keeping(|number| kept.contains(&number));
    }
    let switches = std::env::var("WITHOUT").unwrap_or_default().parse().unwrap();
    let mut told = Told::All(Vec::new());
    let played = play(&plan, switches, &mut told);
    if let Told::All(lines) = told {
        lines.iter().for_each(|line| println!("{line}"));
    }
    println!("{:?}\n{played:?}", plan.size);
    played.unwrap();
}

#[test]
fn a_seed_goes_the_same_way_every_time() {
    for seed in 0..50 {
        let story = || {
            let mut told = Told::All(Vec::new());
            let played = play(&Plan::of(seed), Switches::default(), &mut told);
            (format!("{told:?}"), played)
        };
        assert!(story() == story(), "seed {seed}");
    }
}

#[test]
fn without_deduplication_something_comes_twice() {
    breaks(Switches { deduplication: false, ..Switches::default() }, &[Promise::OneCopy]);
}

#[test]
fn without_tags_something_is_lost_in_silence() {
    breaks(Switches { tags: false, ..Switches::default() }, &[Promise::NothingInSilence]);
}

#[test]
fn without_sweeps_something_is_lost_in_silence() {
    breaks(Switches { sweep: false, ..Switches::default() }, &[Promise::NothingInSilence]);
}

#[test]
fn without_healing_something_acknowledged_stays_lost() {
    breaks(Switches { healing: false, ..Switches::default() }, &[Promise::NothingInSilence]);
}

/// The simulation finds out that a mechanism is missing.
fn breaks(switches: Switches, promises: &[Promise]) {
    let found = search(0..2_000, switches, 5);
    assert!(found.failures.iter().any(|(_, failure)| promises.contains(&failure.promise)), "{found:?}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}
