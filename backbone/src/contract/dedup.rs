//! Each publication once.

use std::time::Duration;

use tidewire_protocol::Payload;

use super::{Cluster, Node, PATIENCE, channel, draft, keeping};
use crate::{Appended, Draft, Retention};

/// Publishing the newest again writes nothing and says where it is, also through another node.
pub async fn the_same_publication_again_is_old_and_says_where_it_is(cluster: &dyn Cluster) {
    let channel = channel("dedup:again");
    let (node, other) = (Node::of(cluster).await, Node::of(cluster).await);
    let position = node.append(&channel, draft(1, 1), keeping(9)).await;
    for node in [&node, &other] {
        let again = node.publish(&channel, draft(1, 1), keeping(9)).await;
        assert_eq!(again, Appended::Old { position: Some(position) });
    }
    assert_eq!(node.read(&channel, 0).await.run.entries.len(), 1);
}

/// An earlier one is old too; its position need not be known.
pub async fn one_before_the_newest_is_old(cluster: &dyn Cluster) {
    let channel = channel("dedup:earlier");
    let node = Node::of(cluster).await;
    let first = node.append(&channel, draft(1, 1), keeping(9)).await;
    node.append(&channel, draft(1, 2), keeping(9)).await;
    match node.publish(&channel, draft(1, 1), keeping(9)).await {
        Appended::Old { position } => assert!(position.is_none_or(|position| position == first)),
        other => panic!("{other:?}"),
    }
    assert_eq!(node.read(&channel, 0).await.run.entries.len(), 2);
}

/// A gap is refused, with the last accepted seq.
pub async fn a_seq_beyond_the_next_is_behind_and_nothing_is_written(cluster: &dyn Cluster) {
    let channel = channel("dedup:gap");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.append(&channel, draft(1, 1), keeping(9)).await;
    let behind = node.publish(&channel, draft(1, 3), keeping(9)).await;
    assert_eq!(behind, Appended::Behind { last: 1 });
    node.append(&channel, draft(1, 2), keeping(9)).await;
    let seqs: Vec<_> = node.entries(&channel, 2).await.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [1, 2]);
    assert_eq!(node.read(&channel, 0).await.run.entries.len(), 2);
}

/// Who is unknown has published 0.
pub async fn an_unknown_publisher_begins_with_one(cluster: &dyn Cluster) {
    let channel = channel("dedup:unknown");
    let node = Node::of(cluster).await;
    let behind = node.publish(&channel, draft(1, 2), keeping(9)).await;
    assert_eq!(behind, Appended::Behind { last: 0 });
    node.append(&channel, draft(1, 1), keeping(9)).await;
}

/// Force closes a gap: the entry says how many seqs the log never got, and they are old from then on.
pub async fn force_appends_and_says_how_many_are_missing(cluster: &dyn Cluster) {
    let channel = channel("dedup:force");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.append(&channel, draft(1, 1), keeping(9)).await;
    let forced = node.publish(&channel, forced(1, 4), keeping(9)).await;
    assert!(matches!(forced, Appended::Accepted { position: Some(_), missing: 2 }), "{forced:?}");
    let skipped = node.publish(&channel, draft(1, 3), keeping(9)).await;
    assert_eq!(skipped, Appended::Old { position: None });
    let missing: Vec<_> = node.entries(&channel, 2).await.iter().map(|entry| entry.missing).collect();
    assert_eq!(missing, [0, 2]);
    assert_eq!(node.read(&channel, 1).await.run.entries[0].missing, 2);
}

/// Force changes nothing where nothing is missing; another's seqs and another channel's do not count.
pub async fn each_publisher_counts_for_itself_in_each_channel(cluster: &dyn Cluster) {
    let (here, there) = (channel("dedup:here"), channel("dedup:there"));
    let node = Node::of(cluster).await;
    node.append(&here, draft(1, 1), keeping(9)).await;
    node.append(&here, draft(1, 2), keeping(9)).await;
    let first = node.publish(&here, forced(2, 1), keeping(9)).await;
    assert!(matches!(first, Appended::Accepted { missing: 0, .. }), "{first:?}");
    node.append(&there, draft(1, 1), keeping(9)).await;
}

/// A publication that reaches the log by two ways at once is taken once.
pub async fn of_one_publication_through_two_nodes_one_is_taken(cluster: &dyn Cluster) {
    let channel = channel("dedup:race");
    let (one, two) = (Node::of(cluster).await, Node::of(cluster).await);
    for seq in 1..=50 {
        let (one, two) = tokio::join!(
            one.publish(&channel, draft(1, seq), keeping(99)),
            two.publish(&channel, draft(1, seq), keeping(99)),
        );
        match (one, two) {
            (Appended::Accepted { position, .. }, Appended::Old { position: known })
            | (Appended::Old { position: known }, Appended::Accepted { position, .. }) => {
                assert_eq!(position, known);
            }
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(one.read(&channel, 0).await.run.entries.len(), 50);
}

/// De-duplication outlives retention.
pub async fn a_publisher_is_remembered_when_its_entries_are_gone(cluster: &dyn Cluster) {
    let channel = channel("dedup:trimmed");
    let node = Node::of(cluster).await;
    let position = node.append(&channel, draft(1, 1), keeping(2)).await;
    for seq in 1..=100 {
        node.append(&channel, draft(2, seq), keeping(2)).await;
    }
    let again = node.publish(&channel, draft(1, 1), keeping(2)).await;
    assert_eq!(again, Appended::Old { position: Some(position) });
}

/// Whoever goes on publishing is remembered however long that lasts, also beside one who publishes more.
pub async fn an_active_publisher_is_remembered_beyond_the_window(cluster: &dyn Cluster) {
    let channel = channel("dedup:active");
    let node = Node::of(cluster).await;
    let window = Duration::from_secs(1);
    let start = tokio::time::Instant::now();
    let mut seq = 0;
    while start.elapsed() < window * 5 / 2 {
        seq += 1;
        for often in 10 * seq - 9..=10 * seq {
            node.append(&channel, draft(2, often), remembering(window)).await;
            tokio::time::sleep(window / 30).await;
        }
        node.append(&channel, draft(1, seq), remembering(window)).await;
    }
}

/// The memory of publishers does not grow for ever.
pub async fn an_idle_publisher_is_forgotten(cluster: &dyn Cluster) {
    let channel = channel("dedup:idle");
    let node = Node::of(cluster).await;
    let retention = remembering(Duration::from_millis(100));
    node.append(&channel, draft(1, 1), retention).await;
    let forgotten = async {
        // Far ahead, so that nothing is written by asking.
        while node.publish(&channel, draft(1, 9), retention).await != (Appended::Behind { last: 0 }) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.expect("the publisher is forgotten in time");
}

fn forced(publisher: u64, seq: u64) -> Draft {
    Draft { force: true, payload: Payload::Json("true".into()), ..draft(publisher, seq) }
}

fn remembering(dedup: Duration) -> Retention {
    Retention::Log { entries: 256, bytes: 1 << 30, age: Duration::from_secs(600), dedup }
}
