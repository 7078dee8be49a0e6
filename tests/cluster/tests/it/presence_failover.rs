//! Who is in a channel while Sentinels or a Cluster replace the server that knows it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tidewire_cluster_tests::RawClient;
use tidewire_protocol::ServerFrame;
use tidewire_test_redis::{Cluster, Sentinels, Topology, wait_until};

use crate::numbers::PATIENCE;
use crate::presence::{MEMBERS, are_there, channel, comes, hears, node, watches};

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
    while !is_told_of(&mut watcher, MEMBERS + 2) {}
    println!("who comes after a failover is told {:.1} s after the promotion", at.elapsed().as_secs_f64());
    are_there(&one, MEMBERS + 2);
    are_there(&other, MEMBERS + 2);

    other.process().kill();
    let at = Instant::now();
    assert_eq!(hears(&mut watcher, MEMBERS), (BTreeSet::new(), there));
    println!("a killed node's members have left after {:.1} s", at.elapsed().as_secs_f64());
    assert!(at.elapsed() <= Duration::from_secs(15), "{:?}", at.elapsed());
    drop((members, marker));
}

/// Whether what the watcher hears next tells of somebody who came, the last of so many; nobody may leave.
fn is_told_of(watcher: &mut RawClient, connections: usize) -> bool {
    match watcher.hear() {
        ServerFrame::Joined(joined) => joined.connections as usize == connections,
        ServerFrame::Occupancy(_) | ServerFrame::Ping(_) => false,
        other => panic!("of a failover comes {other:?}"),
    }
}
