use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use super::{
    Fault, Harm, History, Hitch, Load, LogLoss, Lost, Moment, Plan, Shape, Strike, Topology, Verdict, World,
    WorldOptions, judge,
};

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// How the Redis is arranged.
    pub topology: Topology,
    /// As [`WorldOptions::acks`].
    pub acks: String,
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
}

/// How long everything may take to arrive after a fault, before the next one.
const PATIENCE: Duration = Duration::from_secs(40);
/// What is younger may be under way without anything being wrong.
const RECENT: Duration = Duration::from_millis(200);
const NODES: usize = 3;
/// How often it is tried to put right what went wrong with the run itself, before the next fault is made all the same.
const REPAIRS: usize = 3;
/// Longer than it takes until a replica that was promoted is seen to be.
const SEEN: Duration = Duration::from_millis(500);

/// Starts a world, makes faults at random until the time is over, and judges what everybody saw.
///
/// # Panics
/// Where the world cannot be started.
pub async fn run(options: &RunOptions) -> RunOutcome {
    let RunOptions { topology, acks, folder, .. } = options;
    let world = World::start(WorldOptions { topology: *topology, acks, off: "", folder }).await;
    let load = Load::start(options.shape, world.everywhere()).await;
    let mut run = Running::of(world, load, options.say);
    let plan = Plan::new(options.topology, NODES, options.seed);
    sleep(Duration::from_secs(1)).await;
    for strike in plan.filter(|strike| strike.fault.kind().contains(&options.only)) {
        if run.now().seconds() >= options.lasts.as_secs_f64() {
            break;
        }
        let harms = run.history.harms.len();
        run.strike(strike).await;
        let whole = run.load.book().whole_within(PATIENCE, RECENT).await;
        run.note_promotions(usize::from(strike.fault.calls_for_a_failover()));
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
    pub(super) world: World,
    pub(super) load: Load,
    pub(super) history: History,
    say: fn(&str),
}

impl Running {
    pub(super) fn of(world: World, load: Load, say: fn(&str)) -> Self {
        Self { world, load, history: History::default(), say }
    }

    pub(super) fn now(&self) -> Moment {
        self.load.book().now()
    }

    async fn strike(&mut self, strike: Strike) {
        let overlaps = strike.beside.is_some();
        let harms = self.history.harms.len();
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
        // What overlaps cannot be told apart: each may take as long as the slower, from when both are over.
        let struck = &mut self.history.harms[harms..];
        let within = struck.iter().map(|harm| harm.within).max().unwrap_or_default();
        let over = struck.iter().map(|harm| harm.to).max().unwrap_or_default();
        struck.iter_mut().for_each(|harm| harm.within = within + over.since(harm.to));
    }

    /// Makes a fault; its place in the history, as long as it lasts.
    pub(super) fn begin(&mut self, fault: Fault, overlaps: bool) -> Option<usize> {
        let now = self.now();
        let (kind, detail, within) = (fault.kind(), fault.to_string(), fault.within());
        let harm = self.history.harms.len();
        self.history.harms.push(Harm { kind, detail, from: now, to: now, overlaps, within });
        match self.world.begin(fault, &self.load) {
            Ok(struck) => {
                (self.history.harms[harm].from, self.history.harms[harm].to) = (struck.at, struck.at);
                self.history.losses.extend(struck.loses.map(|what| LogLoss { at: struck.at, what }));
                Some(harm)
            }
            Err(why) => {
                self.repair(harm, &format!("{kind}, not made: {why}"));
                None
            }
        }
    }

    pub(super) fn end(&mut self, harm: Option<usize>, fault: Fault) {
        let Some(harm) = harm else { return };
        match self.world.end(fault) {
            Ok(()) if fault.is_a_blow() => {}
            Ok(()) => self.history.harms[harm].to = self.now(),
            Err(why) => self.repair(harm, &format!("{}, not undone: {why}", fault.kind())),
        }
    }

    /// A fault could not be made or undone, and says nothing of recovery; puts everything right.
    fn repair(&mut self, harm: usize, what: &str) {
        self.hitch(what);
        for _ in 0..REPAIRS {
            match self.world.restore() {
                Ok(()) => break,
                Err(why) => self.hitch(&format!("not put right: {why}")),
            }
        }
        let now = self.now();
        let harm = &mut self.history.harms[harm];
        (harm.to, harm.overlaps) = (now, true);
    }

    fn hitch(&mut self, what: &str) {
        let at = self.now();
        (self.say)(&format!("{:7.1} s  HITCH {what}", at.seconds()));
        self.history.hitches.push(Hitch { at, what: what.to_owned() });
    }

    /// Notes where the log lost its latest because a replica was promoted; beyond these many, nobody had asked for it.
    fn note_promotions(&mut self, asked_for: usize) {
        let mut seen = self.world.promotions();
        seen.sort_unstable_by_key(|one| one.after);
        for (nth, one) in seen.into_iter().enumerate() {
            let at = self.load.book().moment(one.after);
            let what = if one.was_empty { Lost::Everything } else { Lost::Latest };
            self.history.losses.push(LogLoss { at, what });
            self.history.promotions += 1;
            if nth >= asked_for {
                self.history.harms.push(Harm {
                    kind: UNASKED,
                    detail: format!("to port {}", one.port),
                    from: at,
                    to: at,
                    overlaps: true,
                    within: Fault::PrimaryKilled.within(),
                });
            }
        }
    }

    /// Stops publishing, waits until all has come, and judges.
    pub(super) async fn conclude(mut self, patience: Duration) -> RunOutcome {
        self.load.stop_publishing().await;
        // What is not there is judged.
        let _ = self.load.book().whole_within(patience, Duration::ZERO).await;
        sleep(SEEN).await;
        self.note_promotions(0);
        self.history.ended = self.now();
        (self.history.lanes, self.history.sights) = self.load.book().read();
        self.load.end().await;
        // Faults may overlap, and are kept in the order of their beginnings.
        self.history.harms.sort_by_key(|harm| harm.from);
        self.history.losses.sort_by_key(|loss| loss.at);
        let verdict = judge(&self.history);
        RunOutcome { history: self.history, verdict }
    }
}

/// What Sentinels or a cluster did though no primary had been harmed.
pub(super) const UNASKED: &str = "failover by itself";
