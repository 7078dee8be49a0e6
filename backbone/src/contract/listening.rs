//! What arrives.

use futures_util::future::join_all;
use tidewire_protocol::{ChannelName, Payload};

use super::{Cluster, Node, channel, draft, keeping};
use crate::{Arrival, Draft};

/// Once `listen` has returned, nothing is missed, whichever node publishes.
pub async fn what_is_published_after_listen_returns_arrives(cluster: &dyn Cluster) {
    let publisher = Node::of(cluster).await;
    let mut listener = Node::of(cluster).await;
    for number in 1..=50 {
        let channel = channel(&format!("listening:after-{number}"));
        listener.listen(&channel).await;
        let position = publisher.append(&channel, draft(1, 1), keeping(9)).await;
        let (of, entry) = listener.entry().await;
        assert_eq!((of, entry.position), (channel, position));
    }
}

/// A node hears of its own channels only.
pub async fn what_is_not_listened_to_does_not_arrive(cluster: &dyn Cluster) {
    let (mine, other) = (channel("listening:mine"), channel("listening:mine-too-not"));
    let mut node = Node::listening_to(cluster, &mine).await;
    node.append(&other, draft(1, 1), keeping(9)).await;
    node.append(&mine, draft(1, 1), keeping(9)).await;
    assert_eq!(node.entry().await.0, mine);
}

/// Listening is a state, not a count.
pub async fn listening_twice_brings_each_once(cluster: &dyn Cluster) {
    let channel = channel("listening:twice");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.listen(&channel).await;
    node.append(&channel, draft(1, 1), keeping(9)).await;
    node.append(&channel, draft(1, 2), keeping(9)).await;
    let seqs: Vec<_> = node.entries(&channel, 2).await.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [1, 2]);
}

/// Leaving is not for ever, and concerns one channel.
pub async fn after_unlistening_it_can_listen_again(cluster: &dyn Cluster) {
    let (left, kept) = (channel("listening:left"), channel("listening:kept"));
    let mut node = Node::listening_to(cluster, &left).await;
    node.listen(&kept).await;
    node.backbone.unlisten(&left).await.expect("unlistening works");
    node.append(&kept, draft(1, 1), keeping(9)).await;
    assert_eq!(node.entry().await.0, kept);
    node.listen(&left).await;
    node.append(&left, draft(1, 1), keeping(9)).await;
    assert_eq!(node.entry().await.0, left);
}

/// A node that many clients return to listens to many channels at once.
pub async fn many_channels_can_be_listened_to_at_once(cluster: &dyn Cluster) {
    let mut node = Node::of(cluster).await;
    let channels: Vec<ChannelName> =
        (0..1500).map(|number| channel(&format!("listening:many-{number}"))).collect();
    for listened in join_all(channels.iter().map(|channel| node.backbone.listen(channel))).await {
        assert_eq!(listened, Ok(()));
    }
    for channel in [&channels[0], &channels[777], &channels[1499]] {
        node.append(channel, draft(1, 1), keeping(9)).await;
        assert_eq!(node.entry().await.0, *channel);
    }
}

/// A large payload may be announced only; then it can be read.
pub async fn a_large_payload_arrives_or_can_be_read(cluster: &dyn Cluster) {
    let channel = channel("listening:large");
    let mut node = Node::listening_to(cluster, &channel).await;
    let payload = Payload::Binary(vec![7; 1 << 20].into());
    let large = Draft { payload: payload.clone(), ..draft(1, 1) };
    let position = node.append(&channel, large, keeping(9)).await;
    let entry = match node.arrival().await {
        Arrival::Published(_, entry) => entry,
        Arrival::Announced(of, announced) => {
            assert_eq!((of, announced), (channel.clone(), position));
            node.read(&channel, announced.offset - 1).await.run.entries[0].clone()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!((entry.position, entry.payload), (position, payload));
}
