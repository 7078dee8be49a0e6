//! What a read gives.

use tidewire_protocol::{ChannelName, Payload, Position};

use super::{Cluster, Node, channel, draft, keeping};
use crate::{Draft, Run};

/// Offset 0 precedes everything.
pub async fn from_the_base_it_gives_everything(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 99).await;
    let answer = node.read(&channel, 0).await;
    assert_eq!(answer.run.base, positions[0]);
    assert_eq!(offered(&answer.run), positions[1..]);
    assert_eq!(answer.tip, positions[10]);
}

/// The base is the position at the offset asked for.
pub async fn from_the_middle_it_gives_the_rest_and_the_position_there(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 99).await;
    let answer = node.read(&channel, positions[4].offset).await;
    assert_eq!(answer.run.base, positions[4]);
    assert_eq!(offered(&answer.run), positions[5..]);
}

/// Nothing is newer than the tip.
pub async fn from_the_tip_it_gives_nothing(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 99).await;
    let answer = node.read(&channel, positions[10].offset).await;
    assert_eq!((answer.run, answer.tip), (Run::empty(positions[10]), positions[10]));
}

/// Whoever knows an offset that the log has not reached learns what it has reached.
pub async fn from_beyond_the_tip_it_gives_nothing_and_the_tip(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 99).await;
    let answer = node.read(&channel, positions[10].offset + 5).await;
    assert_eq!((answer.run, answer.tip), (Run::empty(positions[10]), positions[10]));
}

/// A read of few entries begins where it should and knows how far the log goes.
pub async fn a_limit_cuts_it_short_and_the_tip_is_told_all_the_same(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 99).await;
    let answer = node.read_some(&channel, positions[2].offset, 3).await;
    assert_eq!((answer.run.base, answer.tip), (positions[2], positions[10]));
    assert_eq!(offered(&answer.run), positions[3..6]);
    let nothing = node.read_some(&channel, positions[2].offset, 0).await;
    assert_eq!((nothing.run, nothing.tip), (Run::empty(positions[2]), positions[10]));
}

/// The base then is the position just before the oldest entry.
pub async fn from_before_what_is_retained_it_gives_the_oldest_position_that_is_known(cluster: &dyn Cluster) {
    let (node, channel, positions) = ten(cluster, 4).await;
    let answer = node.read(&channel, 0).await;
    let kept = answer.run.entries.len();
    assert!((4..10).contains(&kept), "{kept} are kept");
    assert_eq!(answer.run.base, positions[10 - kept]);
    assert_eq!(offered(&answer.run), positions[11 - kept..]);
}

/// Reading makes the log: all nodes find the same one afterwards, and it goes on from there.
pub async fn a_channel_without_a_log_gets_one_that_lasts(cluster: &dyn Cluster) {
    let channel = channel("reading:new");
    let (node, other) = (Node::of(cluster).await, Node::of(cluster).await);
    let answer = node.read(&channel, 0).await;
    assert_eq!((answer.run, answer.tip.offset), (Run::empty(answer.tip), 0));
    assert_eq!(other.read(&channel, 0).await.tip, answer.tip);
    let first = other.append(&channel, draft(1, 1), keeping(9)).await;
    assert_eq!(first.tag, answer.tip.tag.then(draft_id(1, 1)));
    assert_eq!(node.read(&channel, 0).await.run.base, answer.tip);
}

/// Payload of either kind, user, and publisher come back as they were.
pub async fn entries_come_back_whole(cluster: &dyn Cluster) {
    let channel = channel("reading:whole");
    let mut node = Node::listening_to(cluster, &channel).await;
    let drafts = [
        Draft { user: Some("Ada Lovelace ✓".into()), ..draft(u64::MAX, 1) },
        Draft { payload: Payload::Binary((0..=255).collect()), ..draft(0, 1) },
        Draft { payload: Payload::Binary("".into()), user: Some(String::new()), ..draft(0, 2) },
    ];
    for draft in &drafts {
        node.append(&channel, draft.clone(), keeping(9)).await;
    }
    let arrived = node.entries(&channel, 3).await;
    assert_eq!(Vec::from(node.read(&channel, 0).await.run.entries), arrived);
    for (draft, entry) in drafts.into_iter().zip(arrived) {
        assert_eq!((draft.publisher, draft.seq), (entry.publisher, entry.seq));
        assert_eq!((draft.payload, draft.user), (entry.payload, entry.user));
    }
}

/// A log of ten, and its eleven positions.
async fn ten(cluster: &dyn Cluster, keeps: u32) -> (Node, ChannelName, Vec<Position>) {
    let channel = channel("reading:ten");
    let node = Node::of(cluster).await;
    let mut positions = vec![node.read(&channel, 0).await.tip];
    for seq in 1..=10 {
        positions.push(node.append(&channel, draft(1, seq), keeping(keeps)).await);
    }
    (node, channel, positions)
}

fn offered(run: &Run) -> Vec<Position> {
    run.entries.iter().map(|entry| entry.position).collect()
}

fn draft_id(publisher: u64, seq: u64) -> tidewire_protocol::PublicationId {
    tidewire_protocol::PublicationId::of(tidewire_protocol::PublisherId(publisher), seq)
}
