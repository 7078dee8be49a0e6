use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::run::Running;
use super::{
    Fault, Load, LogLoss, Lost, Reach, RunOutcome, Shape, Topology, Trouble, World, WorldOptions, Wrong,
};

/// A run for a mechanism: with it nothing is wrong, without it the judge must find it. So the judge is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// All links are cut, and publishers send again what they keep.
    Deduplication,
    /// A log goes back and is overwritten before two of the nodes look.
    Tags,
    /// A node misses the last publications, and none comes after them.
    Sweep,
    /// A log goes back, and who published what it lost is gone.
    Healing,
}

/// What never comes is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_secs(1);

impl Inverse {
    /// The switch, as `TIDEWIRE_SWITCH_OFF` names it.
    pub fn switch(self) -> &'static str {
        match self {
            Self::Deduplication => "deduplication",
            Self::Tags => "tags",
            Self::Sweep => "sweep",
            Self::Healing => "healing",
        }
    }

    /// What must be found without it.
    pub fn finds(self) -> Wrong {
        match self {
            Self::Deduplication => Wrong::Duplicate,
            Self::Tags | Self::Sweep | Self::Healing => Wrong::Lost,
        }
    }

    /// Runs it with these mechanisms switched off, and judges.
    ///
    /// # Panics
    /// Where the world cannot be started.
    pub async fn run(self, off: &str, folder: &Path) -> RunOutcome {
        let topology = Topology::Standalone;
        let world = World::start(WorldOptions { topology, acks: "primary", off, folder }).await;
        match self {
            Self::Deduplication => without_deduplication(world).await,
            Self::Tags => without_tags(world).await,
            Self::Sweep => without_sweep(world).await,
            Self::Healing => without_healing(world).await,
        }
    }
}

async fn without_deduplication(world: World) -> RunOutcome {
    let load = Load::start(Shape::SMALL, world.everywhere()).await;
    let mut run = Running::of(world, load, |_| {});
    sleep(A_WHILE).await;
    for node in 0..3 {
        run.begin(Fault::Clients(node, Trouble::Cut), true);
    }
    sleep(A_WHILE).await;
    run.conclude(PATIENCE).await
}

/// What was published first is seen on nodes 0 and 1, and then lost with the node and the publishers that had it.
/// What is published next takes its places in the log.
async fn without_tags(world: World) -> RunOutcome {
    let load = Load::listening(Shape::SMALL, reach(&world, &[2], &[0, 1])).await;
    let mut run = Running::of(world, load, |_| {});
    run.load.publish(0..2);
    sleep(A_WHILE).await;
    let promoted = run.world.promote_a_replica();
    sleep(A_WHILE / 2).await;
    run.load.close_publishers().await;
    // What was accepted last has come to everybody: it is lost only to the log.
    run.load.book().whole_within(PATIENCE, Duration::ZERO).await.expect("nothing is lost so far");
    let killed = run.begin(Fault::NodeKilled(2), true);
    run.world.turn(2, &promoted);
    run.loses_the_latest();
    run.end(killed, Fault::NodeKilled(2));
    run.load.publish(2..4);
    sleep(A_WHILE * 2).await;
    run.world.turn(0, &promoted);
    run.world.turn(1, &promoted);
    sleep(A_WHILE).await;
    let outcome = run.conclude(PATIENCE).await;
    drop(promoted);
    outcome
}

async fn without_sweep(world: World) -> RunOutcome {
    let load = Load::start(Shape::SMALL, reach(&world, &[1], &[0])).await;
    let mut run = Running::of(world, load, |_| {});
    sleep(A_WHILE).await;
    let fault = Fault::Backbone(0, Trouble::Refused);
    let refused = run.begin(fault, false);
    sleep(A_WHILE).await;
    run.load.stop_publishing().await;
    run.end(refused, fault);
    run.conclude(PATIENCE).await
}

/// Node 0 hears nothing of the last publications; node 1 has them.
async fn without_healing(world: World) -> RunOutcome {
    let load = Load::start(Shape::SMALL, reach(&world, &[1], &[0, 1])).await;
    let mut run = Running::of(world, load, |_| {});
    sleep(A_WHILE).await;
    let fault = Fault::Backbone(0, Trouble::Refused);
    let refused = run.begin(fault, true);
    let promoted = run.world.promote_a_replica();
    sleep(A_WHILE / 2).await;
    run.load.close_publishers().await;
    for node in 0..3 {
        run.world.turn(node, &promoted);
    }
    run.loses_the_latest();
    run.end(refused, fault);
    let outcome = run.conclude(PATIENCE).await;
    drop(promoted);
    outcome
}

impl Running {
    fn loses_the_latest(&mut self) {
        self.history.losses.push(LogLoss { at: self.now(), what: Lost::Latest });
    }
}

fn reach(world: &World, publishers: &[usize], subscribers: &[usize]) -> Reach {
    let urls = |nodes: &[usize]| nodes.iter().map(|&node| world.url(node)).collect();
    Reach { publishers: urls(publishers), subscribers: urls(subscribers) }
}
