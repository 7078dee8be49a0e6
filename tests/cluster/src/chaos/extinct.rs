use std::path::Path;
use std::time::Duration;

use tidewire_test_redis::Server;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::run::Running;
use super::{Fault, Load, LogLoss, Lost, RunOutcome, Shape, Topology, World, WorldOptions};

const LAG: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(20);

/// A failover that nobody outlives: with the primary die every node and every publisher, all that could have put back
/// what the promoted replica lacks. The subscribers have seen it, and go on with the log that is left. Answers also how
/// many publications are gone from the log.
///
/// # Panics
/// Where the world cannot be started, or something is lost before.
pub async fn failover_that_nobody_outlives(folder: &Path) -> (RunOutcome, usize) {
    let options = WorldOptions { topology: Topology::Standalone, acks: "primary", off: "", folder };
    let world = World::start(options).await;
    let load = Load::listening(Shape::SMALL, world.everywhere()).await;
    let mut run = Running::of(world, load, |_| {});
    run.load.publish(0..2);
    sleep(Duration::from_secs(1)).await;
    let promoted = run.world.promote_a_replica();
    sleep(LAG).await;
    run.load.close_publishers().await;
    run.load.book().whole_within(PATIENCE, Duration::ZERO).await.expect("nothing is lost so far");
    let gone = run.load.book().published() - logged(&promoted);
    let killed = [0, 1, 2].map(|node| (run.begin(Fault::NodeKilled(node), true), node));
    run.history.losses.push(LogLoss { at: run.now(), what: Lost::Everything });
    for (begun, node) in killed {
        run.world.turn(node, &promoted);
        run.end(begun, Fault::NodeKilled(node));
    }
    run.load.publish(2..4);
    sleep(Duration::from_secs(2)).await;
    let outcome = run.conclude(PATIENCE).await;
    (outcome, gone)
}

/// How many publications a server has in its logs.
fn logged(server: &Server) -> usize {
    let length = |channel| server.run::<usize>(&["XLEN", &log(channel)]);
    block_in_place(|| (0..Shape::SMALL.channels).map(length).sum())
}

/// The key of a channel's log.
fn log(channel: u16) -> String {
    format!("tidewire:log:{{{}}}", super::load::channel(channel))
}
