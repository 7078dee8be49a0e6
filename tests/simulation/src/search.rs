use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tidewire_server::Switches;

use crate::{Failure, Plan, Promise, Tally, Told, play};

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// How much happened in all seeds.
    pub tally: Tally,
    /// The seeds whose plans break a promise, and which; in order. Few: a search ends when it has some.
    pub failures: Vec<(u64, Failure)>,
}

/// Plays seeds on all cores, until all are played or `enough` of them have failed.
pub fn search(seeds: Range<u64>, switches: Switches, enough: usize) -> Found {
    let (next, found) = (AtomicU64::new(seeds.start), Mutex::new(Found::default()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let played = safely(&Plan::of(seed), switches, &mut Told::Nothing);
                    let Ok(mut found) = found.lock() else { return };
                    match played {
                        Ok(tally) => found.tally += tally,
                        Err(failure) => found.failures.push((seed, failure)),
                    }
                    if found.failures.len() >= enough {
                        next.store(seeds.end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.failures.sort_by_key(|(seed, _)| *seed);
    found
}

/// Leaves out steps, by halves and then one by one, while the same promise breaks; answers what is left, and how it
/// breaks it.
pub fn shrink(mut plan: Plan, mut failure: Failure, switches: Switches) -> (Plan, Failure) {
    let mut width = plan.steps.len().div_ceil(2);
    while width > 0 {
        let mut at = 0;
        while at < plan.steps.len() {
            let mut less = plan.clone();
            less.steps.drain(at..(at + width).min(less.steps.len()));
            match safely(&less, switches, &mut Told::Nothing) {
                Err(other) if other.promise == failure.promise => (plan, failure) = (less, other),
                Err(_) | Ok(_) => at += width,
            }
        }
        width /= 2;
    }
    (plan, failure)
}

/// Plays a plan; a panic is a broken promise too.
fn safely(plan: &Plan, switches: Switches, told: &mut Told) -> Result<Tally, Failure> {
    catch_unwind(AssertUnwindSafe(|| play(plan, switches, told)))
        .unwrap_or_else(|_| Err(Promise::Sanity.broken(String::from("a panic"))))
}
