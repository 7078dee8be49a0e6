use std::sync::{Mutex, Weak};
use std::time::{Duration, Instant};

use tidewire_backbone::{Appended, Arrival, Arrivals, Backbone, Interrupted, RedisBackbone, Retention};
use tidewire_test_redis::{Sentinels, Server, Topology};

use crate::redis::{channel, config, draft, next};
use crate::starting::{assert_says, says};
use crate::undisturbed::Undisturbed;

tidewire_backbone::backbone_contract!(Undisturbed::on(&SHARED, Sentinels::start));
tidewire_backbone::presence_contract!(Undisturbed::on(&SHARED, Sentinels::start));

static SHARED: Mutex<Weak<Sentinels>> = Mutex::new(Weak::new());

/// A node that listens, and a publication that it got.
struct Listening {
    node: RedisBackbone,
    arrivals: Arrivals,
    seq: u64,
}

impl Listening {
    async fn to(address: String) -> Self {
        let (node, arrivals) = RedisBackbone::connect(config(address)).await.unwrap();
        assert!(node.is_ready());
        node.listen(&channel()).await.unwrap();
        let mut listening = Self { node, arrivals, seq: 0 };
        listening.publishes().await;
        assert!(matches!(next(&mut listening.arrivals).await, Arrival::Published(..)));
        listening
    }

    /// Publishes, again and again until it is taken; a failover may have lost what was before.
    async fn publishes(&mut self) {
        self.seq += 1;
        let publishing = async {
            loop {
                let draft = tidewire_backbone::Draft { force: true, ..draft(self.seq) };
                match self.node.publish(&channel(), draft, Retention::DEFAULT).await {
                    Ok(Appended::Accepted { .. } | Appended::Old { .. }) => return,
                    Ok(Appended::Behind { .. }) => unreachable!("it is forced"),
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), publishing).await.expect("a primary takes it");
    }

    /// Returns when the doubt was told, and after it a publication arrived.
    async fn heals(&mut self) {
        let told = async {
            while self.arrivals.recv().await.unwrap() != Arrival::Interrupted(Interrupted::All) {}
            loop {
                self.publishes().await;
                let soon = tokio::time::timeout(Duration::from_millis(50), self.arrivals.recv()).await;
                if matches!(soon, Ok(Some(Arrival::Published(_, entry))) if entry.seq == self.seq) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), told).await.expect("it goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_primary_is_killed_the_promoted_replica_takes_over() {
    let mut sentinels = Sentinels::start();
    let before = sentinels.primary_port();
    let mut node = Listening::to(sentinels.url()).await;
    sentinels.primary("").kill();
    let killed = Instant::now();
    let elected = tokio::task::spawn_blocking(move || {
        sentinels.wait_until_primary_is_not(before);
        (Instant::now(), sentinels)
    });
    node.heals().await;
    let healed = Instant::now();
    // Who asks all Sentinels may know before the test does, which asks one.
    let (elected, _sentinels) = elected.await.unwrap();
    let beyond = healed.saturating_duration_since(elected);
    println!("elected after {:?}, whole after {:?}", elected - killed, healed - killed);
    assert!(beyond < Duration::from_secs(5), "{beyond:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_demoted_in_peace_is_left_at_once() {
    let sentinels = Sentinels::start();
    let mut node = Listening::to(sentinels.url()).await;
    let failing_over = tokio::task::spawn_blocking(move || {
        sentinels.fail_over();
        sentinels
    });
    node.heals().await;
    let mut sentinels = failing_over.await.unwrap();
    assert!(sentinels.primary("").run::<bool>(&["EXISTS", "tidewire:tip:{news:today}"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_primary_is_left_and_not_returned_to() {
    let mut sentinels = Sentinels::start();
    let mut node = Listening::to(sentinels.url()).await;
    let old = sentinels.primary_port();
    sentinels.primary("").freeze();
    node.heals().await;
    tokio::task::block_in_place(|| sentinels.wait_until_primary_is_not(old));
    for server in sentinels.servers() {
        server.thaw();
    }
    node.publishes().await;
    assert!(sentinels.primary("").run::<bool>(&["EXISTS", "tidewire:tip:{news:today}"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_living_sentinel_is_enough_to_find_the_primary() {
    let mut sentinels = Sentinels::start();
    let url = sentinels.url();
    for sentinel in &mut sentinels.sentinels()[..2] {
        sentinel.kill();
    }
    assert_eq!(says(url).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_that_are_none_or_know_no_such_primary_are_told() {
    let mut sentinels = Sentinels::start();
    let url = sentinels.url();
    let other = url.replace("/tidewire", "/other");
    assert_says(other, "knows no primary called other").await;
    let server = Server::start();
    assert_says(format!("redis+sentinel://127.0.0.1:{}/tidewire", server.port()), "is no Sentinel").await;
    let sentinel = sentinels.sentinels()[0].port();
    assert_says(format!("redis://127.0.0.1:{sentinel}"), "redis+sentinel://HOST:PORT").await;
}
