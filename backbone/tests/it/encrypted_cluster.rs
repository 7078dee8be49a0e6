//! A Redis Cluster that speaks TLS, also among itself.

use std::time::Duration;

use tidewire_backbone::{Backbone, RedisBackbone, RedisConfig, RedisTls};
use tidewire_test_redis::{Cluster, Topology, wait_until};
use tokio::task::block_in_place;

use crate::cluster::{Harmed, Publisher, Subscriber};
use crate::redis::config;
use crate::tls::{authority, certified};

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_nothing_is_missed_through_a_migration_and_the_death_of_a_primary() {
    let (authority, files) = (authority(), tempfile::tempdir().unwrap());
    let settings = certified(&authority, "localhost", files.path()).set("tls-auth-clients", "no");
    let tls = RedisTls { ca: Some(authority.pem()), identity: None };
    let mut harmed = Harmed::with(tls, || Cluster::encrypted(settings)).await;
    let (slot, _, to) = harmed.places();
    let mut subscriber = Subscriber::at(&harmed).await;
    let publisher = Publisher::at(&harmed).await;
    publisher.publishes(1..=50).await;
    subscriber.has(50).await;
    block_in_place(|| all_nodes_links_are_encrypted(&mut harmed.cluster));

    block_in_place(|| harmed.cluster.begin_migration(slot, to));
    // The node has the channel's keys moved, from server to server over TLS too.
    publisher.publishes(51..=100).await;
    block_in_place(|| {
        harmed.cluster.move_keys(slot, to);
        harmed.cluster.end_migration(slot, to);
    });
    publisher.publishes(101..=150).await;
    subscriber.has(150).await;

    block_in_place(|| {
        harmed.cluster.wait_until_whole();
        let server = harmed.cluster.server(to);
        wait_until("its replica has everything", Duration::from_secs(30), || {
            let offset = format!("offset={},", server.info("replication", "master_repl_offset"));
            server.info("replication", "slave0").contains(&offset)
        });
        server.kill();
    });
    publisher.publishes(151..=200).await;
    subscriber.has(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_under_another_name_than_its_certificate_is_not_entered() {
    let (authority, files) = (authority(), tempfile::tempdir().unwrap());
    let settings = certified(&authority, "redis.test", files.path()).set("tls-auth-clients", "no");
    let harmed = Harmed::with(RedisTls::default(), || Cluster::encrypted(settings)).await;
    let tls = RedisTls { ca: Some(authority.pem()), identity: None };
    let config = RedisConfig { tls, ..config(harmed.cluster.url()) };
    match RedisBackbone::connect(config).await {
        Err(error) => assert!(error.to_string().contains("for the name that the address has"), "{error}"),
        Ok((node, _)) => panic!("it is accepted, and ready: {}", node.is_ready()),
    }
}

/// Servers list who is connected to them, by which port and as whom; the tests themselves are another user.
fn all_nodes_links_are_encrypted(cluster: &mut Cluster) {
    let url = cluster.url();
    let mut links = 0;
    for server in cluster.servers() {
        let clients: String = server.run(&["CLIENT", "LIST"]);
        for client in clients.lines().filter(|line| line.contains("user=default")) {
            let (_, at) = client.split_once("laddr=127.0.0.1:").unwrap();
            let port = at.split(' ').next().unwrap();
            assert!(url.contains(&format!("localhost:{port}")), "{client}");
            links += 1;
        }
    }
    assert!(links > 2, "{links} links");
}
