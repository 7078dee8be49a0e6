use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::sleep;

use super::{
    Fault, Harm, History, Load, LogLoss, Moment, Plan, Shape, Strike, Topology, Verdict, World, judge,
};

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// How the Redis is arranged.
    pub topology: Topology,
    /// Plans the faults.
    pub seed: u64,
    /// Only faults whose kind has this in its name.
    pub only: String,
    /// For how long faults are made; the last one is ended and recovered from.
    pub lasts: Duration,
    /// What is published.
    pub shape: Shape,
    /// Where nodes write their log lines; a folder that is there.
    pub folder: PathBuf,
    /// Told of each fault and its end, as it happens.
    pub say: fn(&str),
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// What happened.
    pub history: History,
    /// What is wrong with it.
    pub verdict: Verdict,
    /// A fault could not be made or undone, and the run ended there.
    pub broken_off: bool,
}

/// How long everything may take to arrive after a fault, before the next one.
const PATIENCE: Duration = Duration::from_secs(40);
/// What is younger may be under way without anything being wrong.
const RECENT: Duration = Duration::from_millis(200);
const NODES: usize = 3;

/// Starts a world, makes faults at random until the time is over, and judges what everybody saw.
///
/// # Panics
/// Where the world cannot be started, or does not become whole.
pub async fn run(options: &RunOptions) -> RunOutcome {
    let world = World::start(options.topology, "", &options.folder).await;
    let load = Load::start(options.shape, world.everywhere()).await;
    let mut run = Running::of(world, load);
    let plan = Plan::new(options.topology, NODES, options.seed);
    sleep(Duration::from_secs(1)).await;
    for strike in plan.filter(|strike| strike.fault.kind().contains(&options.only)) {
        if run.now().seconds() >= options.lasts.as_secs_f64() {
            break;
        }
        let harms = run.history.harms.len();
        if AssertUnwindSafe(run.strike(strike)).catch_unwind().await.is_err() {
            // What was seen until then is judged all the same.
            (options.say)(&format!("broken off: {} could not be made or undone", strike.fault.kind()));
            run.broken_off = true;
            break;
        }
        let whole = run.load.book().whole_within(PATIENCE, RECENT).await;
        for harm in &run.history.harms[harms..] {
            let lacks = whole.as_ref().err().map(|lacks| format!(": {lacks}")).unwrap_or_default();
            let lasted = harm.to.since(harm.from).as_secs_f64();
            let line = format!(
                "{:7.1} s  {} {} ({lasted:.1} s){lacks}",
                harm.from.seconds(),
                harm.kind,
                harm.detail
            );
            (options.say)(&line);
        }
        sleep(strike.peace).await;
    }
    run.conclude(PATIENCE).await
}

/// A run that goes on.
pub(super) struct Running {
    broken_off: bool,
    pub(super) world: World,
    pub(super) load: Load,
    pub(super) history: History,
}

impl Running {
    pub(super) fn of(world: World, load: Load) -> Self {
        Self { broken_off: false, world, load, history: History::default() }
    }

    pub(super) fn now(&self) -> Moment {
        self.load.book().now()
    }

    async fn strike(&mut self, strike: Strike) {
        let overlaps = strike.beside.is_some();
        let first = self.begin(strike.fault, overlaps);
        match strike.beside {
            None => sleep(strike.lasts).await,
            Some(beside) => {
                let third = strike.lasts / 3;
                sleep(third).await;
                let second = self.begin(beside, overlaps);
                sleep(third).await;
                self.end(second, beside);
                sleep(third).await;
            }
        }
        self.end(first, strike.fault);
    }

    /// Makes a fault; its place in the history.
    pub(super) fn begin(&mut self, fault: Fault, overlaps: bool) -> usize {
        let struck = self.world.begin(fault, &self.load);
        let (kind, detail, within) = (fault.kind(), fault.to_string(), fault.within());
        self.history.harms.push(Harm { kind, detail, from: struck.at, to: struck.at, overlaps, within });
        self.history.losses.extend(struck.loses.map(|what| LogLoss { at: struck.at, what }));
        self.history.harms.len() - 1
    }

    pub(super) fn end(&mut self, harm: usize, fault: Fault) {
        let loses = self.world.end(fault);
        let now = self.now();
        if !fault.is_a_blow() {
            self.history.harms[harm].to = now;
        }
        self.history.losses.extend(loses.map(|what| LogLoss { at: now, what }));
    }

    /// Stops publishing, waits until all has come, and judges.
    pub(super) async fn conclude(mut self, patience: Duration) -> RunOutcome {
        self.load.stop_publishing().await;
        // What is not there is judged.
        let _ = self.load.book().whole_within(patience, Duration::ZERO).await;
        self.history.ended = self.now();
        (self.history.lanes, self.history.sights) = self.load.book().read();
        self.load.end().await;
        // Faults may overlap, and are kept in the order of their beginnings.
        self.history.harms.sort_by_key(|harm| harm.from);
        let verdict = judge(&self.history);
        RunOutcome { history: self.history, verdict, broken_off: self.broken_off }
    }
}
