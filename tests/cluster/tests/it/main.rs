//! Real nodes under load and harm.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects; everything else is a failure"
)]
#![allow(clippy::print_stdout, reason = "tests say what they measured")]

mod chaos;
mod idle_memory;
mod killed_nodes;
mod lost_redis;
mod mass_return;
mod numbers;
mod presence;
mod presence_cost;
mod presence_failover;
mod redis_cluster;
mod rolling_restart;
mod slow_subscriber;
