use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tidewire_client::{Client, Payload, Status, SubscribeOptions, Subscription, SubscriptionEvent};
use tidewire_cluster_tests::{Node, NodeConfig, Proxy};
use tidewire_protocol::ChannelName;
use tidewire_test_redis::{Server, Topology, wait_until};
use tokio::time::{sleep, timeout};

use crate::numbers::{PATIENCE, options, subscribed};

const CHANNELS: usize = 4;
const SUBSCRIBERS_EACH: usize = 8;
/// From one publication of a channel to its next.
const PACE: Duration = Duration::from_millis(25);
/// A second is promised. So much is added for a machine that has more to do than its cores can.
const LATEST: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread")]
async fn while_three_nodes_are_restarted_one_by_one_every_publication_comes_once_in_order_and_in_time() {
    let redis = Server::start();
    let mut nodes: Vec<Node> = (0..3).map(|_| draining_in("4s", &redis.url())).collect();
    let watch = Arc::new(Watch::start());
    let mut subscribers = Vec::new();
    for nth in 0..CHANNELS * SUBSCRIBERS_EACH {
        nodes.rotate_left(1);
        let client = client_of(&nodes.iter().collect::<Vec<_>>());
        let news = client.subscribe(&channel(nth % CHANNELS), SubscribeOptions::default()).await;
        let mut news = news.expect("an open client");
        subscribed(&mut news).await;
        subscribers.push(tokio::spawn(watch.clone().reads_to_the_end(client, news)));
    }
    let mut publishers = Vec::new();
    for nth in 0..CHANNELS {
        nodes.rotate_left(1);
        let client = client_of(&nodes.iter().collect::<Vec<_>>());
        publishers.push(tokio::spawn(watch.clone().publishes_until_it_ends(client, channel(nth))));
    }

    for node in &mut nodes {
        tokio::task::block_in_place(|| node.restart_in_order());
    }
    watch.ends.store(true, Ordering::Relaxed);
    let mut published = 0;
    for publisher in publishers {
        published += publisher.await.expect("all accepted");
    }
    let mut seen = 0;
    for subscriber in subscribers {
        seen += subscriber.await.expect("all, once, in order");
    }

    assert_eq!(seen, published * SUBSCRIBERS_EACH as u64);
    let latest = watch.latest();
    println!(
        "{published} publications to {SUBSCRIBERS_EACH} each over three restarts: the latest after {latest:?}"
    );
    assert!(latest < LATEST, "the latest publication came after {latest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_that_leads_back_to_the_draining_node_is_not_hammered_and_costs_nothing() {
    let redis = Server::start();
    let (draining, other) = (draining_in("30s", &redis.url()), draining_in("30s", &redis.url()));
    let balancer = Proxy::to(vec![draining.address()]);
    let watch = Arc::new(Watch::start());
    let client = Client::connect(tidewire_client::ClientOptions::new(&balancer.url()).expect("an address"));
    let mut news = client.subscribe(&channel(0), SubscribeOptions::default()).await.expect("an open client");
    subscribed(&mut news).await;
    let mut status = client.status();
    let reading = tokio::spawn(watch.clone().reads_to_the_end(client, news));
    let publisher = tokio::spawn(watch.clone().publishes_until_it_ends(client_of(&[&other]), channel(0)));

    tokio::task::block_in_place(|| {
        let began = draining.order("/v1/admin/shed?percent=100");
        assert!(began.contains(r#""asked":1"#), "{began}");
        draining.order("/v1/admin/drain");
        let tries = || draining.metric(r#"tidewire_connections_refused_total{why="draining"}"#);
        wait_until("the balancer led back four times", Duration::from_secs(60), || tries() >= 4);
    });
    assert!(matches!(*status.borrow_and_update(), Status::Live { .. }), "on its old link");
    let refused = draining.metric(r#"tidewire_connections_refused_total{why="draining"}"#);
    println!("refused {refused} times within {:?}", watch.began.elapsed());
    assert!(refused < 40, "refused {refused} times within {:?}", watch.began.elapsed());

    balancer.turn_to(vec![other.address()]);
    tokio::task::block_in_place(|| {
        let moved = || draining.metric("tidewire_connections ") == 0;
        wait_until("the client has moved", Duration::from_secs(60), moved);
    });
    watch.ends.store(true, Ordering::Relaxed);
    let published = publisher.await.expect("all accepted");
    assert_eq!(reading.await.expect("all, once, in order"), published);
}

/// What publishers and subscribers have in common: one clock, and one end.
struct Watch {
    began: Instant,
    ends: AtomicBool,
    latest: AtomicU64,
}

impl Watch {
    fn start() -> Self {
        Self { began: Instant::now(), ends: AtomicBool::new(false), latest: AtomicU64::new(0) }
    }

    /// Publishes numbers with the time at which each is handed over, the last one marked; answers how many.
    async fn publishes_until_it_ends(self: Arc<Self>, client: Client, channel: ChannelName) -> u64 {
        let mut receipts = Vec::new();
        loop {
            let last = self.ends.load(Ordering::Relaxed);
            let payload = format!("[{},{},{last}]", receipts.len(), self.began.elapsed().as_micros());
            let payload = Payload::Json(payload.into());
            receipts.push(client.publish_later(&channel, payload).await.expect("an open client"));
            if last {
                break;
            }
            sleep(PACE).await;
        }
        let count = receipts.len() as u64;
        for receipt in receipts {
            timeout(PATIENCE, receipt).await.expect("an answer").expect("accepted");
        }
        count
    }

    /// Reads numbers up to the marked one, each the one after the one before; answers how many.
    async fn reads_to_the_end(self: Arc<Self>, client: Client, mut news: Subscription) -> u64 {
        let mut expected = 0;
        loop {
            match timeout(PATIENCE, news.next_event()).await.expect("an event") {
                Some(SubscriptionEvent::Publications { publications, .. }) => {
                    for publication in publications {
                        let (number, published, last): (u64, u64, bool) =
                            serde_json::from_slice(publication.payload.bytes()).expect("what was published");
                        assert_eq!(number, expected, "missing, doubled or out of order");
                        expected += 1;
                        let late = self.began.elapsed().as_micros() as u64 - published;
                        self.latest.fetch_max(late, Ordering::Relaxed);
                        if last {
                            client.close().await;
                            return expected;
                        }
                    }
                }
                Some(SubscriptionEvent::Subscribed { recovered, .. }) => {
                    assert!(recovered, "it lost its place")
                }
                other => panic!("after {expected}: {other:?}"),
            }
        }
    }

    fn latest(&self) -> Duration {
        Duration::from_micros(self.latest.load(Ordering::Relaxed))
    }
}

fn draining_in(time: &str, backbone: &str) -> Node {
    let config = format!("[server]\ndrain = \"{time}\"\n[metrics]\nlisten = \"main\"\n");
    Node::start(NodeConfig { backbone: backbone.to_owned(), config })
}

fn client_of(nodes: &[&Node]) -> Client {
    Client::connect(options(nodes))
}

fn channel(nth: usize) -> ChannelName {
    format!("test:rolling-{nth}").parse().expect("a name")
}
