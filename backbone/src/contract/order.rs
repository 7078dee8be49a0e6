//! One order, for all.

use futures_util::future::join_all;

use super::{Cluster, Node, channel, draft, keeping};
use crate::Appended;

/// Publishes that nobody waits for in between are executed in the order of the calls.
pub async fn publishes_take_effect_in_the_order_of_the_calls(cluster: &dyn Cluster) {
    let channel = channel("order:calls");
    let mut node = Node::listening_to(cluster, &channel).await;
    let mut under_way = Vec::new();
    for seq in 1..=500 {
        for publisher in 1..=2 {
            under_way.push(node.backbone.publish(&channel, draft(publisher, seq), keeping(2000)));
        }
    }
    // Awaiting them backwards must not matter.
    under_way.reverse();
    for (index, appended) in join_all(under_way).await.into_iter().rev().enumerate() {
        let Ok(Appended::Accepted { position: Some(_), missing: 0 }) = appended else {
            panic!("number {index}: {appended:?}");
        };
    }
    let arrived = node.entries(&channel, 1000).await;
    for (index, entry) in arrived.iter().enumerate() {
        let (publisher, seq) = (index as u64 % 2 + 1, index as u64 / 2 + 1);
        assert_eq!((entry.publisher.0, entry.seq), (publisher, seq));
    }
    assert_eq!(Vec::from(node.read(&channel, 0).await.run.entries), arrived);
}

/// Two nodes that publish at the same time both see one order, and the log has it too.
pub async fn two_nodes_see_one_order_and_it_is_the_logs(cluster: &dyn Cluster) {
    let channel = channel("order:nodes");
    let mut nodes =
        [Node::listening_to(cluster, &channel).await, Node::listening_to(cluster, &channel).await];
    let both = (1..=200).flat_map(|seq| [(0, seq), (1, seq)]);
    let under_way = both
        .map(|(index, seq)| nodes[index].backbone.publish(&channel, draft(index as u64, seq), keeping(1000)));
    for appended in join_all(under_way).await {
        assert!(matches!(appended, Ok(Appended::Accepted { .. })), "{appended:?}");
    }
    let seen = nodes[0].entries(&channel, 400).await;
    assert_eq!(nodes[1].entries(&channel, 400).await, seen);
    assert_eq!(Vec::from(nodes[0].read(&channel, 0).await.run.entries), seen);
}
