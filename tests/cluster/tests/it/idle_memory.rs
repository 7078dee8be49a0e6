use tidewire_cluster_tests::{Node, NodeConfig, RawClient, resident_bytes};
use tidewire_protocol::{ClientFrame, Hello, RequestId, ServerFrame, Subscribe};

const CONNECTIONS: usize = 10_000;
const CHANNELS: usize = 100;
const MOST_BYTES_EACH: u64 = 6 * 1024;

#[test]
fn ten_thousand_idle_subscribers_cost_at_most_6_kib_each() {
    let config = String::new();
    let mut node = Node::start(NodeConfig { backbone: "memory".to_owned(), config });
    let address = node.address();
    // The first ones pay for what the process sets up once.
    let mut clients: Vec<RawClient> = (0..CHANNELS).map(|nth| subscribed(address, nth)).collect();
    let before = resident_bytes(node.process().id());
    clients.extend((0..CONNECTIONS).map(|nth| subscribed(address, nth)));
    let after = resident_bytes(node.process().id());
    let each = after.saturating_sub(before) / CONNECTIONS as u64;
    println!("{CONNECTIONS} idle subscribed connections: {each} bytes resident each");
    assert!(each <= MOST_BYTES_EACH, "{each} bytes each");
}

fn subscribed(address: std::net::SocketAddr, nth: usize) -> RawClient {
    let mut client = RawClient::connect(address);
    let channel = format!("idle:{}", nth % CHANNELS).parse().expect("a name");
    client.say(&[
        ClientFrame::Hello(Hello {
            sdk: "test/0".to_owned(),
            token: None,
            publisher: None,
            features: Vec::new(),
        }),
        ClientFrame::Subscribe(Subscribe { id: RequestId(1), channel, since: Vec::new(), last: 0 }),
    ]);
    assert!(matches!(client.hear(), ServerFrame::Welcome(_)));
    assert!(matches!(client.hear(), ServerFrame::Subscribed(_)));
    client
}
