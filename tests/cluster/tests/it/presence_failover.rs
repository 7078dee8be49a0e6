//! Who is in a channel while Sentinels or a Cluster replace the server that knows it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tidewire_cluster_tests::RawClient;
use tidewire_protocol::ServerFrame;
use tidewire_test_redis::{Cluster, Sentinels, Topology, wait_until};

use crate::numbers::PATIENCE;
use crate::presence::{MEMBERS, add, are_there, channel, comes, hears, is_doubt, names, node, watches};

#[test]
fn when_sentinels_replace_a_killed_primary_nobody_leaves() {
    stays_when_the_primary_is_killed(&mut Sentinels::start(), |redis| {
        let port = redis.primary_port();
        redis.primary(channel().as_str()).kill();
        redis.wait_until_primary_is_not(port);
    });
}

#[test]
fn when_a_cluster_replaces_a_killed_primary_nobody_leaves() {
    stays_when_the_primary_is_killed(&mut Cluster::start(), |redis| {
        let slot = redis.slot(channel().as_str());
        let dead = redis.primary_of(slot).expect("a primary");
        redis.server(dead).kill();
        wait_until("a replica is promoted", PATIENCE, || {
            redis.primary_of(slot).is_some_and(|place| place != dead)
        });
    });
}

/// Members on two nodes; the primary is killed; then one of the nodes.
fn stays_when_the_primary_is_killed<R: Topology>(redis: &mut R, kill_primary: impl FnOnce(&mut R)) {
    let (one, mut other) = (node(redis, ""), node(redis, ""));
    let mut watcher = comes(&one);
    are_there(&one, 1);
    watches(&mut watcher);
    let members: Vec<RawClient> = (0..MEMBERS).map(|_| comes(&other)).collect();
    let (there, _) = hears(&mut watcher, MEMBERS);

    kill_primary(redis);
    let at = Instant::now();
    let marker = comes(&one);
    while counts_told(&mut watcher) != Some(MEMBERS + 2) {}
    println!("who comes after a failover is told {:.1} s after the promotion", at.elapsed().as_secs_f64());
    are_there(&one, MEMBERS + 2);
    are_there(&other, MEMBERS + 2);

    other.process().kill();
    let at = Instant::now();
    let mut left = BTreeSet::new();
    while left != there {
        leaves(&mut watcher, &there, &mut left);
    }
    println!("a killed node's members have left after {:.1} s", at.elapsed().as_secs_f64());
    assert!(at.elapsed() <= Duration::from_secs(15), "{:?}", at.elapsed());
    drop((members, marker));
}

/// How many are there, as far as what the watcher hears next tells; nobody may leave.
///
/// Who joins while the node is not subscribed at the new primary is announced to nobody. The watchers are told to ask
/// again instead, with the counts; that may come before or after what is announced.
fn counts_told(watcher: &mut RawClient) -> Option<usize> {
    match watcher.hear() {
        ServerFrame::Joined(joined) => Some(joined.connections as usize),
        ServerFrame::Occupancy(occupancy) => Some(occupancy.connections as usize),
        ServerFrame::Ping(_) => None,
        other => panic!("of a failover comes {other:?}"),
    }
}

/// Adds who leaves, as far as the watcher hears of it next: each of these once, nobody else, and none of them joins.
fn leaves(watcher: &mut RawClient, there: &BTreeSet<String>, left: &mut BTreeSet<String>) {
    match watcher.hear() {
        ServerFrame::Left(frame) => {
            add(left, names(frame.member, frame.others));
            assert!(left.is_subset(there), "others were not to leave");
        }
        // The marker, or what is left to say of the failover.
        ServerFrame::Joined(frame) => {
            assert!(names(frame.member, frame.others).all(|name| !there.contains(&name)));
        }
        ServerFrame::Ping(_) => {}
        frame => assert!(is_doubt(&frame), "of a killed node comes {frame:?}"),
    }
}
