//! What a log keeps: never less than it should, and not without bound.

use std::time::Duration;

use tidewire_protocol::Payload;

use super::{Cluster, Node, channel, draft, keeping};
use crate::{Draft, Retention, Run};

/// By count.
pub async fn it_keeps_so_many_entries_and_not_many_more(cluster: &dyn Cluster) {
    let channel = channel("retention:entries");
    let node = Node::of(cluster).await;
    for seq in 1..=500 {
        node.append(&channel, draft(1, seq), keeping(50)).await;
    }
    let kept = node.read(&channel, 0).await.run.entries.len();
    assert!((50..=200).contains(&kept), "{kept} entries are kept");
}

/// By bytes, which leave room for many entries or few.
pub async fn it_keeps_so_many_bytes_and_not_many_more(cluster: &dyn Cluster) {
    let channel = channel("retention:bytes");
    let node = Node::of(cluster).await;
    for seq in 1..=300 {
        node.append(&channel, sized(seq, 100), keeping_bytes(5000)).await;
        if seq > 50 {
            let kept = weight(&node.read(&channel, 0).await.run);
            assert!((5000..=10_000).contains(&kept), "after {seq}, {kept} bytes are kept");
        }
    }
}

/// Small and large entries: the longest tail that fits is there.
pub async fn entries_of_uneven_size_stay_as_long_as_they_fit(cluster: &dyn Cluster) {
    let channel = channel("retention:uneven");
    let node = Node::of(cluster).await;
    let sizes: Vec<usize> = (1..=200).map(|number| 1 + number * 7919 % 1000).collect();
    for (index, &size) in sizes.iter().enumerate() {
        node.append(&channel, sized(index as u64 + 1, size), keeping_bytes(6000)).await;
        let kept = node.read(&channel, 0).await.run;
        let mut room = 6000_usize;
        let fitting = sizes[..=index].iter().rev().take_while(|&&size| {
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        assert!(kept.entries.len() >= fitting.count(), "after {} entries", index + 1);
        assert!(weight(&kept) <= 12_000, "{} bytes are kept", weight(&kept));
    }
}

/// Otherwise nobody could read what was only announced.
pub async fn the_newest_entry_stays_whatever_its_size(cluster: &dyn Cluster) {
    let channel = channel("retention:huge");
    let node = Node::of(cluster).await;
    for seq in 1..=5 {
        let position = node.append(&channel, sized(seq, 5000), keeping_bytes(1000)).await;
        let newest = node.read(&channel, position.offset - 1).await.run;
        assert_eq!(newest.entries.iter().map(|entry| entry.position).collect::<Vec<_>>(), [position]);
    }
}

/// By age: entries go, the position does not.
pub async fn entries_age_away_and_the_tip_stays(cluster: &dyn Cluster) {
    let channel = channel("retention:age");
    let node = Node::of(cluster).await;
    node.append(&channel, draft(1, 1), aging()).await;
    let tip = node.append(&channel, draft(1, 2), aging()).await;
    let fresh = node.read(&channel, 0).await;
    assert_eq!(fresh.run.entries.len(), 2);
    let aged = node.read_until(&channel, |answer| answer.run.entries.is_empty()).await;
    assert_eq!((aged.run, aged.tip), (Run::empty(tip), tip));
}

/// The history goes on where it was.
pub async fn a_log_goes_on_from_its_tip_when_its_entries_are_gone(cluster: &dyn Cluster) {
    let channel = channel("retention:on");
    let node = Node::of(cluster).await;
    let tip = node.append(&channel, draft(1, 1), aging()).await;
    node.read_until(&channel, |answer| answer.run.entries.is_empty()).await;
    let next = node.append(&channel, draft(1, 2), keeping(9)).await;
    let answer = node.read(&channel, 0).await;
    assert_eq!((answer.run.base, answer.run.entries.len()), (tip, 1));
    assert_eq!(next.tag, tip.tag.then(answer.run.entries[0].id()));
}

fn sized(seq: u64, size: usize) -> Draft {
    Draft { payload: Payload::Binary(vec![b'x'; size].into()), ..draft(1, seq) }
}

fn keeping_bytes(bytes: u64) -> Retention {
    Retention::Log { entries: 100_000, bytes, age: Duration::from_secs(600), dedup: Duration::from_secs(600) }
}

fn aging() -> Retention {
    Retention::Log {
        entries: 256,
        bytes: 1 << 30,
        age: Duration::from_secs(1),
        dedup: Duration::from_secs(600),
    }
}

fn weight(run: &Run) -> usize {
    run.entries.iter().map(|entry| entry.weight()).sum()
}
