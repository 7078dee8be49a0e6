//! What passes by.

use tidewire_protocol::{ChannelName, Payload};

use super::{Cluster, Node, channel, draft};
use crate::{Appended, Arrival, Draft, EphemeralPublication, Retention};

const PASSING: Appended = Appended::Accepted { position: None, missing: 0 };

/// It reaches listeners on every node, whole.
pub async fn it_arrives_without_a_position(cluster: &dyn Cluster) {
    let channel = channel("ephemeral:arrives");
    let mut listener = Node::listening_to(cluster, &channel).await;
    let publisher = Node::of(cluster).await;
    let payload = Payload::Binary("\0cursor".into());
    let cursor = Draft { payload: payload.clone(), user: Some("ada".into()), ..draft(1, 0) };
    assert_eq!(publisher.publish(&channel, cursor, Retention::None).await, PASSING);
    let publication = EphemeralPublication { payload, user: Some("ada".into()) };
    assert_eq!(listener.arrival().await, Arrival::Ephemeral(channel, publication));
}

/// Nothing can be read afterwards.
pub async fn it_leaves_no_log(cluster: &dyn Cluster) {
    let channel = channel("ephemeral:log");
    let node = Node::of(cluster).await;
    node.publish(&channel, draft(1, 0), Retention::None).await;
    let answer = node.read(&channel, 0).await;
    assert_eq!((answer.run.entries.len(), answer.tip.offset), (0, 0));
}

/// There are no seqs to be old or behind.
pub async fn it_is_not_counted(cluster: &dyn Cluster) {
    let channel: ChannelName = channel("ephemeral:counted");
    let mut node = Node::listening_to(cluster, &channel).await;
    for seq in [0, 0, 7, 3] {
        assert_eq!(node.publish(&channel, draft(1, seq), Retention::None).await, PASSING);
    }
    for seq in [0, 0, 7, 3] {
        let publication = EphemeralPublication { payload: draft(1, seq).payload, user: None };
        assert_eq!(node.arrival().await, Arrival::Ephemeral(channel.clone(), publication));
    }
}
