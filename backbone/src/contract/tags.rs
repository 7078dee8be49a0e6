//! Positions that stand for a whole history.

use super::{Cluster, Node, channel, draft, keeping};

/// Whoever knows a position can compute the next from the entry's publisher and seq.
pub async fn each_tag_follows_from_the_one_before_and_the_id(cluster: &dyn Cluster) {
    let channel = channel("tags:chain");
    let mut node = Node::listening_to(cluster, &channel).await;
    let mut position = node.read(&channel, 0).await.tip;
    for publisher in 1..=20 {
        node.append(&channel, draft(publisher, 1), keeping(99)).await;
        node.append(&channel, draft(publisher, 2), keeping(99)).await;
    }
    for entry in node.entries(&channel, 40).await {
        assert_eq!(entry.position.tag, position.tag.then(entry.id()));
        assert!(entry.position.offset > position.offset);
        position = entry.position;
    }
    assert_eq!(node.read(&channel, 0).await.tip, position);
}

/// A new log is none of the logs before it.
pub async fn two_logs_begin_with_different_tags(cluster: &dyn Cluster) {
    let node = Node::of(cluster).await;
    let mut tags = std::collections::HashSet::new();
    for name in ["tags:a", "tags:b", "tags:c", "tags:d"] {
        let tip = node.read(&channel(name), 0).await.tip;
        assert_eq!(tip.offset, 0);
        tags.insert(tip.tag);
    }
    // Four equal tags of 32 random bits do not happen; two may, once in a billion runs.
    assert!(tags.len() > 1);
}

/// The publisher, the listener and the reader are told the same position.
pub async fn what_is_acknowledged_is_what_arrives_and_what_is_kept(cluster: &dyn Cluster) {
    let channel = channel("tags:same");
    let mut listener = Node::listening_to(cluster, &channel).await;
    let publisher = Node::of(cluster).await;
    for seq in 1..=3 {
        let acknowledged = publisher.append(&channel, draft(1, seq), keeping(9)).await;
        let (_, arrived) = listener.entry().await;
        let kept = listener.read(&channel, arrived.position.offset - 1).await.run.entries;
        assert_eq!((arrived.position, &kept[0]), (acknowledged, &arrived));
    }
}
