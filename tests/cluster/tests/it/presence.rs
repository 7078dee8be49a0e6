//! Who is in a channel, when nodes and Redis fail.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tidewire_client::{Client, PresenceWatch, SubscribeOptions};
use tidewire_cluster_tests::{Node, NodeConfig, RawClient};
use tidewire_protocol::{ClientFrame, Hello, Member, Presence, RequestId, ServerFrame, Subscribe};
use tidewire_test_redis::{Server as Redis, Topology, wait_until};

use crate::numbers::{PATIENCE, options};

pub(crate) const MEMBERS: usize = 20;

#[test]
fn the_members_of_a_killed_node_leave_within_15_s_and_each_watcher_is_told_once() {
    let redis = Redis::start();
    let (one, other, mut killed) = (node(&redis, ""), node(&redis, ""), node(&redis, ""));
    let mut watchers = [comes(&one), comes(&other)];
    are_there(&one, 2);
    watchers.iter_mut().for_each(watches);
    let members: Vec<RawClient> = (0..MEMBERS).map(|_| comes(&killed)).collect();
    for watcher in &mut watchers {
        assert_eq!(hears(watcher, MEMBERS).0.len(), MEMBERS);
    }

    killed.process().kill();
    let at = Instant::now();
    for watcher in &mut watchers {
        let (joined, left) = hears(watcher, MEMBERS);
        println!("a killed node's members have left after {:.1} s", at.elapsed().as_secs_f64());
        assert_eq!((joined.len(), left.len()), (0, MEMBERS));
        assert!(at.elapsed() <= Duration::from_secs(15), "{:?}", at.elapsed());
    }
    let _marker = comes(&one);
    for watcher in &mut watchers {
        // Nobody is said to leave twice, and the counts know of nobody who is gone.
        match watcher.hear() {
            ServerFrame::Joined(joined) => assert_eq!((joined.connections, joined.users), (3, 3)),
            other => panic!("not the one who joined last: {other:?}"),
        }
    }
    drop(members);
}

#[test]
fn a_halted_node_is_taken_for_killed_and_its_members_join_again_when_it_goes_on() {
    let redis = Redis::start();
    let (one, mut halted) = (node(&redis, BRIEF), node(&redis, BRIEF));
    let mut watcher = comes(&one);
    are_there(&one, 1);
    watches(&mut watcher);
    let _members: Vec<RawClient> = (0..MEMBERS).map(|_| comes(&halted)).collect();
    let (joined, _) = hears(&mut watcher, MEMBERS);

    halted.process().signal("STOP");
    assert_eq!(hears(&mut watcher, MEMBERS), (BTreeSet::new(), joined.clone()));
    halted.process().signal("CONT");
    assert_eq!(hears(&mut watcher, MEMBERS), (joined, BTreeSet::new()));
    are_there(&one, MEMBERS + 1);
}

#[test]
fn when_redis_comes_back_empty_all_members_are_there_again() {
    let mut redis = Redis::start();
    let (one, other) = (node(&redis, ""), node(&redis, ""));
    let mut watcher = comes(&one);
    are_there(&one, 1);
    watches(&mut watcher);
    let _members: Vec<RawClient> =
        (0..2 * MEMBERS).map(|nth| comes(if nth % 2 == 0 { &one } else { &other })).collect();
    let (before, _) = hears(&mut watcher, 2 * MEMBERS);

    redis.restart();
    let at = Instant::now();
    let mut joined = BTreeSet::new();
    let mut is_told_to_ask_again = false;
    while !is_told_to_ask_again || !before.is_subset(&joined) {
        match watcher.hear() {
            ServerFrame::Joined(frame) => joined.extend(names(frame.member, frame.others)),
            ServerFrame::Occupancy(occupancy) => {
                is_told_to_ask_again |= occupancy.again_within_ms.is_some();
            }
            // The log is another too.
            ServerFrame::Reset(_) => {}
            other => panic!("of an empty Redis comes {other:?}"),
        }
    }
    are_there(&one, 2 * MEMBERS + 1);
    println!("after an empty Redis all members are back after {:.1} s", at.elapsed().as_secs_f64());
}

#[test]
fn while_redis_does_not_answer_nobody_leaves() {
    let redis = Redis::start();
    let (one, other) = (node(&redis, BRIEF), node(&redis, BRIEF));
    let mut watcher = comes(&one);
    are_there(&one, 1);
    watches(&mut watcher);
    let _members: Vec<RawClient> = (0..MEMBERS).map(|_| comes(&other)).collect();
    hears(&mut watcher, MEMBERS);

    redis.freeze();
    // Several times the lease.
    std::thread::sleep(Duration::from_secs(7));
    redis.thaw();
    // So long as a node would need to take another for killed.
    std::thread::sleep(Duration::from_secs(5));
    let _marker = comes(&other);
    loop {
        match watcher.hear() {
            ServerFrame::Occupancy(_) => {}
            ServerFrame::Joined(joined) => {
                assert_eq!(joined.connections as usize, MEMBERS + 2);
                break;
            }
            other => panic!("somebody left: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_watches_has_the_right_list_again_after_its_node_was_killed() {
    let redis = Redis::start();
    let (mut mine, other) = (node(&redis, BRIEF), node(&redis, BRIEF));
    let client = Client::connect(options(&[&mine, &other]));
    let _news = client.subscribe(&channel(), SubscribeOptions::default()).await.expect("an open client");
    let mut watch = client.watch_presence(&channel()).await.expect("an open client");
    has(&mut watch, 1).await;
    let mut members: Vec<RawClient> = (0..MEMBERS).map(|_| comes(&other)).collect();
    let before = has(&mut watch, MEMBERS + 1).await;

    mine.process().kill();
    members.truncate(MEMBERS / 2);
    let after = has(&mut watch, MEMBERS / 2 + 1).await;
    // Those who stayed, and the client by its new connection.
    assert_eq!(after.intersection(&before).count(), MEMBERS / 2);
    let page = client.presence(&channel(), None, 3).await.expect("an answer");
    assert_eq!((page.members.len(), page.connections as usize), (3, MEMBERS / 2 + 1));
    assert!(page.next.is_some_and(|next| after.contains(&next)));
}

/// Waits until it is known of exactly so many that they are there.
async fn has(watch: &mut PresenceWatch, connections: usize) -> BTreeSet<String> {
    let so_many =
        watch.wait_for(|crowd| crowd.members.as_ref().is_some_and(|members| members.len() == connections));
    let crowd =
        tokio::time::timeout(PATIENCE, so_many).await.expect("so many in time").expect("an open watch");
    assert_eq!(crowd.connections, connections as u64);
    crowd.members.iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// For tests that wait for a lease to end more often.
const BRIEF: &str = "presence_lease = \"2s\"\n";

pub(crate) fn node(redis: &impl Topology, server: &str) -> Node {
    let config = format!("[server]\n{server}[namespaces.test]\npresence = true\n");
    Node::start(NodeConfig { backbone: redis.url(), config })
}

pub(crate) fn channel() -> tidewire_protocol::ChannelName {
    "test:presence".parse().expect("a name")
}

pub(crate) fn comes(node: &Node) -> RawClient {
    subscribed(node.address())
}

pub(crate) fn subscribed(address: SocketAddr) -> RawClient {
    let mut client = RawClient::connect(address);
    client.say(&[
        ClientFrame::Hello(Hello {
            sdk: "test/0".to_owned(),
            token: None,
            publisher: None,
            features: vec!["presence".to_owned()],
        }),
        ClientFrame::Subscribe(Subscribe {
            id: RequestId(1),
            channel: channel(),
            since: Vec::new(),
            last: 0,
        }),
    ]);
    assert!(matches!(client.hear(), ServerFrame::Welcome(_)));
    assert!(matches!(client.hear(), ServerFrame::Subscribed(_)));
    client
}

pub(crate) fn watches(client: &mut RawClient) {
    client.say(&[ClientFrame::Presence(Presence {
        id: RequestId(2),
        channel: channel(),
        after: None,
        limit: 1,
        watch: true,
    })]);
    loop {
        match client.hear() {
            ServerFrame::Presence(_) => return,
            frame => assert!(is_doubt(&frame), "not who is there: {frame:?}"),
        }
    }
}

/// Waits until a node says that so many are there.
pub(crate) fn are_there(node: &Node, connections: usize) {
    let counted = format!("\"connections\":{connections},");
    wait_until("so many are there", Duration::from_secs(60), || {
        node.ask("/v1/channels/test:presence/presence?limit=1").contains(&counted)
    });
}

/// Who joined and who left, until these are so many; nobody does so twice.
pub(crate) fn hears(watcher: &mut RawClient, changes: usize) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut joined, mut left) = (BTreeSet::new(), BTreeSet::new());
    while joined.len() + left.len() < changes {
        match watcher.hear() {
            ServerFrame::Joined(frame) => add(&mut joined, names(frame.member, frame.others)),
            ServerFrame::Left(frame) => add(&mut left, names(frame.member, frame.others)),
            ServerFrame::Ping(_) => {}
            frame => assert!(is_doubt(&frame), "{frame:?}"),
        }
    }
    (joined, left)
}

/// Whether this says that news may have been missed: a node that subscribes at Redis, for the first time or again,
/// cannot know, and says so even where nothing was. Who waits for news that were missed waits in vain.
pub(crate) fn is_doubt(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Occupancy(occupancy) if occupancy.again_within_ms.is_some())
}

pub(crate) fn add(all: &mut BTreeSet<String>, names: impl Iterator<Item = String>) {
    for name in names {
        assert!(all.insert(name.clone()), "{name} is told twice");
    }
}

pub(crate) fn names(member: Member, others: Vec<Member>) -> impl Iterator<Item = String> {
    std::iter::once(member).chain(others).map(|member| member.connection.expect("a named connection"))
}
