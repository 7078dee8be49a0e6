use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::run::Running;
use super::{Load, RunOutcome, Shape, Topology, World, WorldOptions};

/// Many channels for few publications: in some, one publisher has lost something and the other has not. What that one
/// says next comes before what is healed, so that the order is another.
const SHAPE: Shape = Shape { channels: 50, ..Shape::SMALL };
const LAG: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);

/// A run in which Sentinels replace a primary that is well, as they do on a machine that is too busy, and nobody tells
/// the judge: it is noted because it is seen.
///
/// # Panics
/// Where the world cannot be started, or the Sentinels do not manage.
pub async fn failover_that_nobody_asked_for(folder: &Path) -> RunOutcome {
    let options = WorldOptions { topology: Topology::Sentinel, acks: "primary", off: "", folder };
    let world = World::start(options).await;
    let load = Load::start(SHAPE, world.everywhere()).await;
    let mut run = Running::of(world, load, |_| {});
    sleep(Duration::from_secs(1)).await;
    run.world.sentinels_fail_over(LAG);
    sleep(Duration::from_secs(1)).await;
    run.conclude(PATIENCE).await
}
