use std::time::Duration;

use tidewire_cluster_tests::chaos::{RunOptions, Shape, Topology, report, run};

/// As many kinds of faults as half a minute has room for. Long runs with all of them: `cargo xtask chaos`.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_nodes_redis_and_links_each_publication_comes_once_in_order_or_the_gap_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = RunOptions {
        topology: Topology::Standalone,
        seed: 7,
        only: String::new(),
        lasts: Duration::from_secs(25),
        shape: Shape { channels: 20, publishers: 5, subscribers: 6, rate: 200.0 },
        folder: folder.path().to_owned(),
        say: |line| println!("{line}"),
    };
    let outcome = run(&options).await;
    let report = report::text(&outcome.history, &outcome.verdict);
    println!("{report}");
    assert!(outcome.verdict.is_clean(), "{report}");
    assert!(outcome.history.harms.len() >= 3, "faults were made");
    assert!(outcome.verdict.accepted > 1_000, "publications were made");
}
