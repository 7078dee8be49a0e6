//! How many publishes a second go through Redis, and what each costs Redis and this process.
//!
//! `cargo run --release -p tidewire-backbone --example measure_redis -- redis://127.0.0.1:6379/ [LISTENERS]`
//!
//! Use a server of its own: the figures are taken from the server's counters.
#![expect(clippy::print_stdout, reason = "it is a command")]

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tidewire_backbone::{Appended, Backbone, Draft, RedisAddresses, RedisBackbone, RedisConfig, Retention};
use tidewire_protocol::{ChannelName, Payload, PublisherId};

const CHANNELS: u64 = 1000;
const PUBLISHERS: u64 = 10;
const PUBLISHES: u64 = 400_000;
const AT_ONCE: usize = 2000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL of a Redis server is needed")?;
    let listeners: usize = arguments.next().map_or(Ok(0), |count| count.parse())?;
    let config = RedisConfig {
        prefix: format!("measure-{}:", std::process::id()),
        ..RedisConfig::new(url.parse::<RedisAddresses>()?)
    };
    let mut redis = redis::Client::open(&*url)?.get_multiplexed_async_connection().await?;
    let channels: Vec<ChannelName> =
        (0..CHANNELS).map(|number| format!("chat:room-{number}").parse()).collect::<Result<_, _>>()?;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..listeners {
        let (node, mut arrivals) = RedisBackbone::connect(config.clone()).await?;
        futures_util::future::try_join_all(channels.iter().map(|channel| node.listen(channel))).await?;
        tasks.spawn(async move {
            let _node = node;
            while arrivals.recv().await.is_some() {}
        });
    }
    let (node, _arrivals) = RedisBackbone::connect(config).await?;

    let (before, start) = (Usage::now(&mut redis).await?, Instant::now());
    let mut under_way = FuturesUnordered::new();
    let mut latencies = Vec::with_capacity(PUBLISHES as usize);
    for number in 0..PUBLISHES {
        if under_way.len() >= AT_ONCE
            && let Some(latency) = under_way.next().await
        {
            latencies.push(latency);
        }
        let (channel, round) = (&channels[(number % CHANNELS) as usize], number / CHANNELS);
        let draft = Draft {
            publisher: PublisherId(round % PUBLISHERS),
            seq: round / PUBLISHERS + 1,
            payload: Payload::Json(format!("{{\"text\":\"{:0100}\"}}", number).into()),
            user: Some("ada".to_owned()),
            force: false,
        };
        let (appended, given) = (node.publish(channel, draft, Retention::DEFAULT), Instant::now());
        under_way.push(async move {
            let appended = appended.await;
            assert!(matches!(appended, Ok(Appended::Accepted { .. })), "{appended:?}");
            given.elapsed()
        });
    }
    latencies.extend(under_way.collect::<Vec<Duration>>().await);
    let (took, after) = (start.elapsed(), Usage::now(&mut redis).await?);

    latencies.sort_unstable();
    let each = |seconds: f64| seconds * 1e6 / PUBLISHES as f64;
    println!("publishes/s                {:.0}", PUBLISHES as f64 / took.as_secs_f64());
    println!("Redis CPU, µs a publish    {:.2}", each(after.redis - before.redis));
    println!("script, µs a publish       {:.2}", each(after.script - before.script));
    println!("this process, µs a publish {:.2}", each(after.process - before.process));
    println!(
        "latency p50, p99           {:?}, {:?}",
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100]
    );
    Ok(())
}

/// CPU seconds so far.
struct Usage {
    redis: f64,
    script: f64,
    process: f64,
}

impl Usage {
    async fn now(redis: &mut redis::aio::MultiplexedConnection) -> Result<Self, Box<dyn Error>> {
        let cpu: String = redis::cmd("INFO").arg("cpu").query_async(redis).await?;
        let commands: String = redis::cmd("INFO").arg("commandstats").query_async(redis).await?;
        Ok(Self {
            redis: number(&cpu, "used_cpu_user:", "\r") + number(&cpu, "used_cpu_sys:", "\r"),
            script: number(commands.split("cmdstat_evalsha:").nth(1).unwrap_or_default(), "usec=", ",") / 1e6,
            process: process_seconds()?,
        })
    }
}

fn number(text: &str, after: &str, until: &str) -> f64 {
    let number = text.split(after).nth(1).and_then(|rest| rest.split(until).next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// User and system time of this process, from Linux, in ticks of 10 ms.
fn process_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Ok(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
}
