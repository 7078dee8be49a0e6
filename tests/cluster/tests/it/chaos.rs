use std::time::Duration;

use tidewire_cluster_tests::chaos::{
    History, Inverse, RunOptions, RunOutcome, Shape, Topology, Wrong, failover_that_nobody_asked_for,
    failover_that_nobody_outlives, judge, report, run,
};

/// As many kinds of faults as half a minute has room for. Long runs with all of them: `cargo xtask chaos`.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_nodes_redis_and_links_each_publication_comes_once_in_order_or_the_gap_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = RunOptions {
        topology: Topology::Standalone,
        acks: "primary".to_owned(),
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

#[tokio::test(flavor = "multi_thread")]
async fn without_deduplication_the_judge_finds_duplicates() {
    the_judge_finds(Inverse::Deduplication).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_check_of_tags_the_judge_finds_losses() {
    the_judge_finds(Inverse::Tags).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_sweep_the_judge_finds_losses() {
    the_judge_finds(Inverse::Sweep).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_healing_the_judge_finds_losses() {
    the_judge_finds(Inverse::Healing).await;
}

/// Where it is not noted, the judge must take the other branch of the log for a fault, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_sentinels_begin_by_themselves_is_noted_and_nobody_misses_anything() {
    // Whether something new comes before what is healed, so that there is another branch, is chance.
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let RunOutcome { history, verdict } = failover_that_nobody_asked_for(folder.path()).await;
        println!("noted: {}", report::closing_line(&history, &verdict));
        assert_eq!((history.promotions, history.harms.len()), (1, 1), "{:?}", history.harms);
        assert!(verdict.is_clean(), "{}", report::text(&history, &verdict));
        assert!(verdict.resets.is_empty(), "{:?}", verdict.resets);

        let unnoted = judge(&History { losses: Vec::new(), ..history });
        println!("not noted: {}", report::verdict_line(&unnoted));
        let branched = unnoted.count(Wrong::Diverged) + unnoted.count(Wrong::UnannouncedGap);
        assert_eq!(unnoted.counts.values().sum::<u64>(), branched, "{}", report::verdict_line(&unnoted));
        if branched > 0 {
            return;
        }
    }
    panic!("the judge found no other branch after any failover");
}

/// What is gone from the log has come to all who were there; they go on with what is left, in one order.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_no_node_and_no_publisher_outlives_takes_nothing_from_those_who_were_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (RunOutcome { history, verdict }, gone) = failover_that_nobody_outlives(folder.path()).await;
    println!("{gone} gone from the log: {}", report::closing_line(&history, &verdict));
    assert!(gone > 0, "the failover lost nothing");
    assert!(verdict.is_clean(), "{}", report::text(&history, &verdict));
}

/// The same faults twice: with the mechanism all is well, without it the judge says what is not.
async fn the_judge_finds(inverse: Inverse) {
    let off = inverse.switch();
    let (with, without) = (in_a_folder(inverse, ""), in_a_folder(inverse, off));
    let (with, without) = (tokio::spawn(with), tokio::spawn(without));
    let (with, without) = (with.await.expect("a run"), without.await.expect("a run"));
    assert!(with.verdict.is_clean(), "with {off}: {}", report::text(&with.history, &with.verdict));
    let found = without.verdict.count(inverse.finds());
    println!("with {off}: {}", report::verdict_line(&with.verdict));
    println!("without {off}: {}", report::verdict_line(&without.verdict));
    assert!(found > 0, "without {off}: {}", report::text(&without.history, &without.verdict));
}

async fn in_a_folder(inverse: Inverse, off: &'static str) -> RunOutcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    inverse.run(off, folder.path()).await
}
