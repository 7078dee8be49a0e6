//! The scenarios, small: that they run, and that nothing is lost in them.

use std::process::Command;

#[test]
fn a_small_million_is_live_at_once_and_gets_the_broadcast() {
    let told = told(&["million", "--size", "2000"]);
    assert!(told.contains("2000 sockets"), "{told}");
    let row = told.lines().find(|line| line.trim_start().starts_with("2000 ")).unwrap_or_default();
    assert_eq!(row.split_whitespace().take(2).collect::<Vec<_>>(), ["2000", "2000"], "{told}");
}

#[test]
fn rooms_and_fanout_deliver_each_publication_to_each_subscriber_once() {
    for scenario in ["rooms", "fanout", "cluster"] {
        let told =
            told(&[scenario, "--size", "200", "--runs", "1", "--seconds", "0.5", "--only", "limit,tidewire"]);
        for system in ["limit", "tidewire"] {
            let row = told.lines().find(|line| line.trim_start().starts_with(system)).unwrap_or_default();
            assert_eq!(row.split_whitespace().last(), Some("0"), "what was wrong in {scenario}: {told}");
        }
    }
}

#[test]
fn clients_of_a_killed_node_come_back_to_the_other() {
    let told = told(&["storm", "--size", "200", "--runs", "1", "--only", "tidewire"]);
    assert!(told.lines().any(|line| line.trim_start().starts_with("tidewire")), "{told}");
}

/// What the bench prints.
fn told(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tidewire-bench")).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run the bench: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
