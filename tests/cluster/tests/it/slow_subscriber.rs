use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tidewire_cluster_tests::{Node, NodeConfig, RawClient, resident_bytes};
use tidewire_protocol::{
    ChannelName, ClientFrame, Hello, Payload, Pong, Position, Publish, PublisherId, RequestId, ServerFrame,
    Subscribe,
};

const PAYLOAD: usize = 4096;
const PUBLICATIONS: u64 = 100 * 1024 * 1024 / PAYLOAD as u64;
const WARM_UP: u64 = 2_000;
const SILENCE: Duration = Duration::from_secs(30);
const MOST_GROWTH: u64 = 2 * 1024 * 1024;
/// A machine with other work makes a publisher wait for tens of milliseconds; a node that waits for a reader, for ever.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a subscriber saw in the end.
#[derive(Debug, PartialEq)]
struct Seen {
    publications: u64,
    resets: u64,
}

#[test]
fn a_subscriber_that_stops_reading_for_30_s_harms_nobody_and_is_not_left_in_silence() {
    let config = "[limits]\nframes_per_second = 100000\nbytes_per_second = 1000000000\n".to_owned();
    let mut node = Node::start(NodeConfig { backbone: "memory".to_owned(), config });
    let (address, id) = (node.address(), node.process().id());
    let stalled = Subscriber::connect(address);
    let (ready, is_ready) = channel();
    let other = std::thread::spawn(move || {
        let subscriber = Subscriber::connect(address);
        ready.send(()).expect("somebody who waits");
        subscriber.read_to(WARM_UP + PUBLICATIONS)
    });
    is_ready.recv().expect("the other subscriber is there");
    let mut publisher = Publisher::connect(address);
    publisher.publish(WARM_UP, Duration::ZERO, || {});

    let before = resident_bytes(id);
    let mut most = before;
    let slowest = publisher.publish(PUBLICATIONS, SILENCE, || most = most.max(resident_bytes(id)));

    let all = Seen { publications: WARM_UP + PUBLICATIONS, resets: 0 };
    assert_eq!(other.join().expect("the other subscriber"), all, "the other gets all, once and in order");
    assert!(slowest < PATIENCE, "the slowest acknowledgement took {slowest:?}");
    println!(
        "100 MiB past a subscriber that does not read: server memory grew by {} KiB",
        (most - before) / 1024
    );
    assert!(most - before < MOST_GROWTH, "server memory grew by {} bytes", most - before);

    let seen = stalled.read_to(WARM_UP + PUBLICATIONS);
    println!("then it read: {seen:?}");
    assert!(seen.resets > 0 || seen == all, "a loss in silence: {seen:?}");
}

/// A subscriber that verifies each position by its tag: nothing can be missing, doubled or out of order unseen.
struct Subscriber {
    client: RawClient,
    position: Position,
}

impl Subscriber {
    fn connect(address: SocketAddr) -> Self {
        let mut client = RawClient::connect(address);
        client.say(&[hello(), subscribe()]);
        assert!(matches!(client.hear(), ServerFrame::Welcome(_)));
        let ServerFrame::Subscribed(subscribed) = client.hear() else { panic!("not subscribed") };
        Self { client, position: subscribed.position }
    }

    fn read_to(mut self, tip: u64) -> Seen {
        let mut seen = Seen { publications: 0, resets: 0 };
        while self.position.offset < tip {
            match self.client.hear() {
                ServerFrame::Publication(publication) => {
                    assert_eq!(
                        publication.position,
                        self.position.then(publication.id),
                        "a hole, or a second copy"
                    );
                    self.position = publication.position;
                    seen.publications += 1;
                }
                ServerFrame::Reset(reset) => {
                    self.position = reset.position;
                    seen.resets += 1;
                }
                ServerFrame::Ping(_) => self.client.say(&[ClientFrame::Pong(Pong {})]),
                other => panic!("unexpected: {other:?}"),
            }
        }
        seen
    }
}

struct Publisher {
    client: RawClient,
    seq: u64,
}

impl Publisher {
    fn connect(address: SocketAddr) -> Self {
        let mut client = RawClient::connect(address);
        client.say(&[hello()]);
        assert!(matches!(client.hear(), ServerFrame::Welcome(_)));
        Self { client, seq: 0 }
    }

    /// Publishes so many, evenly over a time; says how long the slowest acknowledgement took.
    fn publish(&mut self, count: u64, over: Duration, mut every_hundred: impl FnMut()) -> Duration {
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        for nth in 0..count {
            let due = began + over.mul_f64(nth as f64 / count as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let asked = Instant::now();
            self.publish_one();
            slowest = slowest.max(asked.elapsed());
            if nth % 100 == 0 {
                every_hundred();
            }
        }
        slowest
    }

    fn publish_one(&mut self) {
        self.seq += 1;
        let id = RequestId(u32::try_from(self.seq).expect("a small number"));
        let payload = Payload::Binary(vec![b'x'; PAYLOAD].into());
        self.client.say(&[ClientFrame::Publish(Publish {
            id,
            channel: name(),
            seq: self.seq,
            payload,
            force: false,
            publisher: None,
        })]);
        loop {
            match self.client.hear() {
                ServerFrame::Published(published) => return assert_eq!(published.id, id),
                ServerFrame::Ping(_) => self.client.say(&[ClientFrame::Pong(Pong {})]),
                other => panic!("not published: {other:?}"),
            }
        }
    }
}

fn name() -> ChannelName {
    "load:big".parse().expect("a name")
}

fn hello() -> ClientFrame {
    let publisher = Some(PublisherId(7));
    ClientFrame::Hello(Hello { sdk: "test/0".to_owned(), token: None, publisher, features: Vec::new() })
}

fn subscribe() -> ClientFrame {
    ClientFrame::Subscribe(Subscribe { id: RequestId(1), channel: name(), since: Vec::new(), last: 0 })
}
