//! What it costs Redis that members are there, while nobody comes or goes.

use std::time::Duration;

use tidewire_cluster_tests::{Node, NodeConfig, RawClient};
use tidewire_test_redis::{Server as Redis, Topology};

use crate::presence::{are_there, subscribed};

const WINDOW: Duration = Duration::from_secs(12);

#[test]
fn ten_thousand_idle_members_cost_redis_no_more_commands_than_a_hundred() {
    let redis = Redis::start();
    // The members answer no pings.
    let config = "[server]\nheartbeat = \"1h\"\n[namespaces.test]\npresence = true\n".to_owned();
    let node = Node::start(NodeConfig { backbone: redis.url(), config });
    let mut members: Vec<RawClient> = Vec::new();
    let mut rates = Vec::new();
    for count in [100, 1_000, 10_000] {
        let before = commands(&redis);
        let coming = count - members.len();
        members.extend((0..coming).map(|_| subscribed(node.address())));
        are_there(&node, count);
        let joining = commands(&redis) - before;
        let before = commands(&redis);
        std::thread::sleep(WINDOW);
        let rate = (commands(&redis) - before) as f64 / WINDOW.as_secs_f64();
        println!(
            "{count} members: {rate:.2} Redis commands a second while idle; {joining} while {coming} joined"
        );
        rates.push(rate);
    }
    // One turn more or less of each thing that is done now and then.
    let one_turn = 10.0 / WINDOW.as_secs_f64();
    for rate in &rates {
        assert!((rate - rates[0]).abs() <= one_turn, "{rates:?} commands a second");
    }
}

/// Commands that Redis has executed, those inside of scripts too, without what this test itself asks.
fn commands(redis: &Redis) -> u64 {
    let stats: String = redis.run(&["INFO", "commandstats"]);
    let ours = ["info", "auth", "hello", "client|", "select", "ping"];
    let lines = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
    lines
        .filter(|(name, _)| !ours.iter().any(|own| name.starts_with(own)))
        .map(|(_, rest)| rest.split(',').next().and_then(|calls| calls.parse::<u64>().ok()).expect("a count"))
        .sum()
}
