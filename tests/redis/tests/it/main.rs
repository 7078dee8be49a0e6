//! What the other tests rely on.
use std::time::Duration;

use tidewire_test_redis::{Cluster, Sentinels, Server, Settings, Topology, wait_until};

#[test]
fn a_server_that_is_restarted_is_empty_and_at_the_same_port() {
    let mut server = Server::start();
    let (port, id) = (server.port(), server.id());
    server.run::<()>(&["SET", "a", "1"]);
    server.kill();
    assert!(!server.runs());
    server.restart();
    assert_eq!((server.port(), server.run::<Option<u64>>(&["GET", "a"])), (port, None));
    assert_ne!(server.id(), id);
}

#[test]
fn a_frozen_server_answers_when_it_is_thawed() {
    let server = Server::start();
    server.freeze();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| server.run::<String>(&["PING"]));
        wait_until("it is stopped", Duration::from_secs(5), || {
            std::fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap().contains(") T")
        });
        assert!(!answer.is_finished());
        server.thaw();
        assert_eq!(answer.join().unwrap(), "PONG");
    });
}

#[test]
fn settings_are_those_of_redis() {
    let settings = Settings::default().password("secret").user("app on >word ~a:* +get");
    let server = Server::with(settings.set("maxmemory", "10mb"));
    assert_eq!(server.info("memory", "maxmemory"), "10485760");
    let users: Vec<String> = server.run(&["ACL", "USERS"]);
    assert_eq!(users, ["app", "default", "tests"]);
    let anybody = redis::Client::open(server.url()).unwrap().get_connection();
    assert!(anybody.and_then(|mut one| redis::cmd("GET").arg("a:1").exec(&mut one)).is_err());
}

#[test]
fn sentinels_make_a_replica_the_primary_when_it_is_killed() {
    let mut sentinels = Sentinels::with(2, Settings::default(), Settings::default());
    let before = sentinels.primary_port();
    sentinels.primary("").run::<()>(&["SET", "a", "1"]);
    let copies: u64 = sentinels.primary("").run(&["WAIT", "2", "0"]);
    assert_eq!(copies, 2);
    sentinels.primary("").kill();
    sentinels.wait_until_primary_is_not(before);
    assert_eq!(sentinels.primary("").run::<u64>(&["GET", "a"]), 1);
    for server in sentinels.servers().into_iter().filter(|server| !server.runs()) {
        server.restart();
    }
    sentinels.wait_until_whole();
}

#[test]
fn a_cluster_moves_a_slot_and_replaces_a_primary() {
    let mut cluster = Cluster::start();
    let slot = cluster.slot("{a}");
    let from = cluster.primary_of(slot).unwrap();
    cluster.primary("{a}").run::<()>(&["SET", "{a}1", "1"]);
    let to = (from + 1) % 3;
    cluster.migrate(slot, to);
    assert_eq!(cluster.primary_of(slot), Some(to));
    assert_eq!(cluster.primary("{a}").run::<u64>(&["GET", "{a}1"]), 1);

    cluster.fail_over(slot);
    let after = cluster.primary_of(slot).unwrap();
    assert_ne!(after, to);

    cluster.server(after).kill();
    wait_until("the cluster has a primary again", Duration::from_secs(30), || {
        cluster.primary_of(slot).is_some_and(|place| place != after)
    });
    assert_eq!(cluster.primary("{a}").run::<u64>(&["GET", "{a}1"]), 1);
    cluster.server(after).restart();
    cluster.wait_until_whole();
}
