//! `cargo xtask test`: everything that is checked, in one go.

mod check;
mod checks;
mod tools;

use std::time::{Duration, Instant};

use anyhow::bail;
use lexopt::{Arg, Parser, ValueExt as _};

use self::check::{Check, When};
use self::tools::Tools;
use crate::repository::Repository;
use crate::say::{heading, seconds};

/// What the tests can be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    only: Vec<String>,
    without_browser: Option<WithoutBrowser>,
    all: Option<All>,
    listing: Option<Listing>,
}

/// `--fast`: leave out what needs a browser.
#[derive(Clone, Copy, Debug)]
struct WithoutBrowser;

/// `--all`: also what takes long.
#[derive(Clone, Copy, Debug)]
struct All;

/// `--list`: name the checks, run none.
#[derive(Clone, Copy, Debug)]
struct Listing;

impl Options {
    /// Reads the words after `test`.
    pub(crate) fn parse(mut arguments: Parser) -> anyhow::Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("only") => options.only.push(arguments.value()?.string()?),
                Arg::Long("fast") => options.without_browser = Some(WithoutBrowser),
                Arg::Long("all") => options.all = Some(All),
                Arg::Long("list") => options.listing = Some(Listing),
                other @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => {
                    return Err(other.unexpected().into());
                }
            }
        }
        Ok(options)
    }

    fn choose(&self) -> anyhow::Result<Vec<Check>> {
        let all = checks::all();
        if let Some(unknown) =
            self.only.iter().find(|name| all.iter().all(|check| check.name != name.as_str()))
        {
            let names: Vec<_> = all.iter().map(|check| check.name).collect();
            bail!("there is no check {unknown:?}; there are {}", names.join(", "));
        }
        let everything = self.all.is_some() || self.listing.is_some();
        let wanted = |check: &Check| {
            let meant = match check.when {
                When::Always => self.only.is_empty(),
                When::WithAll => self.only.is_empty() && everything,
            };
            let named = self.only.iter().any(|name| name == check.name);
            (meant || named) && !(self.without_browser.is_some() && check.needs.is_browser())
        };
        Ok(all.into_iter().filter(wanted).collect())
    }
}

/// Runs the checks in order. One that fails does not keep the others from running: one run tells all.
pub(crate) fn test(repository: &Repository, options: Options) -> anyhow::Result<()> {
    let chosen = options.choose()?;
    if options.listing.is_some() {
        chosen.iter().for_each(list);
        return Ok(());
    }
    let started = Instant::now();
    let mut results = Vec::new();
    std::thread::scope(|scope| {
        let tools = Tools::bring(repository, scope, &chosen);
        for check in &chosen {
            heading(&format!("{}: {}", check.name, check.title));
            let began = Instant::now();
            let result = (check.run)(repository, &tools);
            if let Err(trouble) = &result {
                println!("✗ {}: {trouble:#}", check.name);
            }
            results.push((check, result.is_ok(), began.elapsed()));
        }
    });
    conclude(&results, started.elapsed())
}

fn list(check: &Check) {
    let when = match check.when {
        When::Always => "",
        When::WithAll => " (with --all)",
    };
    println!("{:<11} {}{when}", check.name, check.title);
}

fn conclude(results: &[(&Check, bool, Duration)], time: Duration) -> anyhow::Result<()> {
    heading(&format!("all, after {}", seconds(time)));
    for (check, passed, time) in results {
        let mark = if *passed { '✓' } else { '✗' };
        println!("{mark} {:<11} {:>12}   {}", check.name, seconds(*time), check.title);
    }
    let failed: Vec<_> =
        results.iter().filter(|(_, passed, _)| !passed).map(|(check, ..)| check.name).collect();
    println!("\nchecks: {} passed, {} failed", results.len() - failed.len(), failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
