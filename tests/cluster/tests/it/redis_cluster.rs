use std::time::{Duration, Instant};

use tidewire_cluster_tests::chaos::{
    Harm, History, Load, LogLoss, Lost, Reach, Shape, judge, recoveries, report,
};
use tidewire_cluster_tests::{Node, NodeConfig};
use tidewire_test_redis::{Cluster, Topology, wait_until};
use tokio::task::block_in_place;

use crate::numbers::PATIENCE;

/// Six servers of a Redis Cluster, three nodes, publishers and subscribers all the time.
#[tokio::test(flavor = "multi_thread")]
async fn through_a_slow_migration_and_the_death_of_a_primary_each_publication_comes_once_and_in_order() {
    let mut redis = block_in_place(Cluster::start);
    let nodes: Vec<Node> = block_in_place(|| (0..3).map(|_| node(&redis)).collect());
    let urls: Vec<String> = nodes.iter().map(Node::url).collect();
    let shape = Shape { channels: 20, publishers: 6, subscribers: 6, rate: 300.0 };
    let load = Load::start(shape, Reach { publishers: urls.clone(), subscribers: urls }).await;
    let mut run = Run { load, history: History::default() };
    run.goes_on().await;

    let moving = block_in_place(|| [0, 1, 2, 3].map(|nth| Moving::of(&redis, nth)));
    run.begins("slots begin to move", None);
    for slot in &moving {
        block_in_place(|| redis.begin_migration(slot.slot, slot.to));
    }
    // Nobody moves keys for so long, and nobody waits for it.
    run.goes_on().await;
    run.is_whole().await;
    run.begins("slots move", None);
    for slot in &moving {
        block_in_place(|| redis.move_keys(slot.slot, slot.to));
    }
    for slot in &moving {
        block_in_place(|| redis.end_migration(slot.slot, slot.to));
    }
    run.ends();
    run.goes_on().await;
    run.is_whole().await;

    let (slot, dead) = (moving[0].slot, moving[0].to);
    run.begins("a primary is killed", Some(Lost::Latest));
    block_in_place(|| {
        redis.server(dead).kill();
        wait_until("a replica is promoted", PATIENCE, || {
            redis.primary_of(slot).is_some_and(|place| place != dead)
        });
    });
    run.ends();
    run.goes_on().await;
    run.is_whole().await;
    block_in_place(|| {
        redis.server(dead).restart();
        redis.wait_until_whole();
    });
    run.goes_on().await;
    run.ends_clean().await;
}

/// A channel's slot on its way.
struct Moving {
    slot: u16,
    to: usize,
}

impl Moving {
    fn of(redis: &Cluster, nth: u16) -> Self {
        let slot = redis.slot(&format!("test:chaos-{nth}"));
        Self { slot, to: (redis.primary_of(slot).expect("a primary") + 1) % 3 }
    }
}

struct Run {
    load: Load,
    history: History,
}

impl Run {
    fn begins(&mut self, kind: &'static str, loses: Option<Lost>) {
        let at = self.load.book().now();
        self.history.losses.extend(loses.map(|what| LogLoss { at, what }));
        let within = Duration::from_secs(20);
        self.history.harms.push(Harm {
            kind,
            detail: String::new(),
            from: at,
            to: at,
            overlaps: false,
            within,
        });
    }

    fn ends(&mut self) {
        self.history.harms.last_mut().expect("a harm").to = self.load.book().now();
    }

    /// Returns when a thousand more were published.
    async fn goes_on(&self) {
        let (enough, end) = (self.load.book().published() + 1_000, Instant::now() + PATIENCE);
        while self.load.book().published() < enough {
            assert!(Instant::now() < end, "nothing is published any more");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns when everything has arrived that is older than it takes in peace.
    async fn is_whole(&self) {
        self.load.book().whole_within(PATIENCE, Duration::from_millis(500)).await.expect("all is delivered");
    }

    async fn ends_clean(mut self) {
        self.load.stop_publishing().await;
        self.load.book().whole_within(PATIENCE, Duration::ZERO).await.expect("all is delivered");
        self.history.ended = self.load.book().now();
        (self.history.lanes, self.history.sights) = self.load.book().read();
        self.load.end().await;
        let verdict = judge(&self.history);
        println!("{}", report::text(&self.history, &verdict));
        for recovery in recoveries(&self.history) {
            let harm = &self.history.harms[recovery.harm];
            println!("{}: {} late, all there after {:?}", harm.kind, recovery.late, recovery.took(harm));
        }
        assert!(verdict.is_clean(), "{:?}", verdict.findings);
        assert!(verdict.resets.is_empty(), "{:?}", verdict.resets);
        assert_eq!((verdict.refused, verdict.in_doubt, verdict.missing), (0, 0, 0));
    }
}

fn node(redis: &Cluster) -> Node {
    let config = "[limits]\nframes_per_second = 100_000\nbytes_per_second = \"100MB\"\n\n[namespaces.test]\n\
                  retention = { entries = 16_384, bytes = \"64MiB\", age = \"10m\" }\n";
    Node::start(NodeConfig { backbone: redis.url(), config: config.to_owned() })
}
