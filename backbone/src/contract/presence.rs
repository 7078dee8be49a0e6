//! Who is in a channel, where a backbone knows that.

use std::time::Duration;

use tidewire_protocol::ChannelName;

use super::{Cluster, Node, channel};
use crate::{Arrival, Attendee, Counts, Crowd, Lease, PresenceChange, PresenceStore, Present};

/// What one node enters, every node can read, whole.
pub async fn who_enters_is_present(cluster: &dyn Cluster) {
    let (one, other) = (Node::of(cluster).await, Node::of(cluster).await);
    let channel = channel("presence:enters");
    let everyone = [ada(1), informed(2, "{\"colour\":\"blue\"}"), anonymous(3)];
    let crowd = one.store().enter(&channel, lease(1), &everyone).await.expect("entering works");
    assert_eq!(crowd, Crowd { counts: counts(3, 2), leases: vec![lease(1)] });
    let present = other.present(&channel, None, 9).await;
    assert_eq!(present, Present { attendees: everyone.into(), more: false, crowd });
}

/// Where nobody ever was, nobody is.
pub async fn nobody_is_in_an_unknown_channel(cluster: &dyn Cluster) {
    let node = Node::of(cluster).await;
    assert_eq!(node.present(&channel("presence:unknown"), None, 9).await, Present::default());
}

/// Who listens is told who joined and who left, with the counts after it, and the changes of one call together.
pub async fn joins_and_leaves_arrive_in_order_with_counts(cluster: &dyn Cluster) {
    let channel = channel("presence:arrives");
    let mut listener = Node::listening_to(cluster, &channel).await;
    let node = Node::of(cluster).await;
    node.enter(&channel, lease(1), &[ada(1), anonymous(2)]).await;
    node.enter(&channel, lease(1), &[ada(3)]).await;
    node.leave(&channel, &[1, 2]).await;
    assert_eq!(listener.change(&channel).await, joined([ada(1), anonymous(2)], counts(2, 2)));
    assert_eq!(listener.change(&channel).await, joined([ada(3)], counts(3, 2)));
    assert_eq!(listener.change(&channel).await, left([ada(1), anonymous(2)], counts(1, 1)));
}

/// What changes nothing is not announced: calls may be repeated after a doubt.
pub async fn the_same_again_is_announced_once(cluster: &dyn Cluster) {
    let channel = channel("presence:again");
    let mut node = Node::listening_to(cluster, &channel).await;
    for _ in 0..3 {
        node.enter(&channel, lease(1), &[ada(1)]).await;
    }
    for _ in 0..3 {
        node.leave(&channel, &[1]).await;
    }
    node.enter(&channel, lease(1), &[ada(2)]).await;
    assert_eq!(node.change(&channel).await, joined([ada(1)], counts(1, 1)));
    assert_eq!(node.change(&channel).await, left([ada(1)], counts(0, 0)));
    assert_eq!(node.change(&channel).await, joined([ada(2)], counts(1, 1)));
}

/// Other information is news, and no second attendee.
pub async fn other_information_is_announced(cluster: &dyn Cluster) {
    let channel = channel("presence:informs");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.enter(&channel, lease(1), &[informed(1, "\"blue\"")]).await;
    node.enter(&channel, lease(1), &[informed(1, "\"red\"")]).await;
    assert_eq!(node.change(&channel).await, joined([informed(1, "\"blue\"")], counts(1, 1)));
    assert_eq!(node.change(&channel).await, joined([informed(1, "\"red\"")], counts(1, 1)));
    assert_eq!(node.present(&channel, None, 9).await.attendees, [informed(1, "\"red\"")]);
}

/// A large channel is read page by page, in one order, and each page knows the counts of all.
pub async fn pages_follow_each_other_without_holes(cluster: &dyn Cluster) {
    let (channel, node) = (channel("presence:pages"), Node::of(cluster).await);
    let everyone: Vec<Attendee> = (0..1000).map(ada).collect();
    node.enter(&channel, lease(1), &everyone).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = node.present(&channel, after.as_deref(), 300).await;
        assert!(page.attendees.len() <= 300);
        assert_eq!(page.crowd.counts, counts(1000, 1));
        seen.extend(page.attendees.into_iter().map(|attendee| attendee.connection));
        if !page.more {
            break;
        }
        after = seen.last().cloned();
    }
    let mut expected: Vec<String> = everyone.into_iter().map(|attendee| attendee.connection).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

/// Many who come or go at once are all announced, and the last counts are right.
pub async fn many_at_once_are_all_announced(cluster: &dyn Cluster) {
    let channel = channel("presence:many");
    let mut node = Node::listening_to(cluster, &channel).await;
    let everyone: Vec<Attendee> = (0..1000).map(ada).collect();
    node.enter(&channel, lease(1), &everyone).await;
    node.store().expel(&channel, lease(1)).await.expect("expelling works");
    let (mut came, mut went) = (0, 0);
    while went < 1000 {
        let change = node.change(&channel).await;
        came += change.joined.len();
        went += change.left.len();
        assert_eq!(change.counts.connections, (came - went) as u64);
    }
    assert_eq!(came, 1000);
}

/// All that is filed under a lease goes with it, is announced once, and nobody else goes.
pub async fn with_a_lease_go_those_who_are_filed_under_it(cluster: &dyn Cluster) {
    let channel = channel("presence:expels");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.enter(&channel, lease(1), &[ada(1), anonymous(2)]).await;
    let bob = Attendee { connection: another().connection(1), user: Some("bob".into()), info: None };
    node.enter(&channel, another(), std::slice::from_ref(&bob)).await;
    for expected in [2, 0] {
        assert_eq!(node.store().expel(&channel, lease(1)).await, Ok(expected));
    }
    node.leave(&channel, &[7]).await;
    node.enter(&channel, lease(1), &[ada(9)]).await;
    node.change(&channel).await;
    node.change(&channel).await;
    assert_eq!(node.change(&channel).await, left([ada(1), anonymous(2)], counts(1, 1)));
    assert_eq!(node.change(&channel).await, joined([ada(9)], counts(2, 2)));
    let mut leases = node.present(&channel, None, 9).await.crowd.leases;
    leases.sort_unstable();
    assert_eq!(leases, [lease(1), another()]);
}

/// Who is entered again under the next term stays when the term before ends, without a word; only who was not
/// goes.
pub async fn who_is_filed_under_the_next_term_outlives_the_one_before(cluster: &dyn Cluster) {
    let channel = channel("presence:terms");
    let mut node = Node::listening_to(cluster, &channel).await;
    node.enter(&channel, lease(1), &[ada(1), anonymous(2)]).await;
    node.enter(&channel, lease(2), &[ada(1)]).await;
    assert_eq!(node.store().expel(&channel, lease(1)).await, Ok(1));
    node.change(&channel).await;
    assert_eq!(node.change(&channel).await, left([anonymous(2)], counts(1, 1)));
    assert_eq!(node.present(&channel, None, 9).await.crowd.leases, [lease(2)]);
}

/// Leases are seen by every node, with the time since each was renewed.
pub async fn renewing_tells_how_long_each_lease_is_silent(cluster: &dyn Cluster) {
    let (one, other) = (Node::of(cluster).await, Node::of(cluster).await);
    let begun = one.store().renew(lease(1)).await.expect("renewing works");
    assert_eq!(begun.before, None);
    let pause = Duration::from_millis(300);
    tokio::time::sleep(pause).await;
    let seen = other.store().renew(another()).await.expect("renewing works");
    let silent = |leases: &[(Lease, Duration)], of| {
        leases.iter().find(|(lease, _)| *lease == of).map(|(_, silent)| *silent).expect("the lease is known")
    };
    // The clocks of two machines may run a little differently.
    assert!(silent(&seen.leases, lease(1)) >= pause * 9 / 10, "{seen:?}");
    assert!(silent(&seen.leases, another()) < silent(&seen.leases, lease(1)), "{seen:?}");
    let again = one.store().renew(lease(1)).await.expect("renewing works");
    assert!(again.before.is_some_and(|before| before >= pause * 9 / 10), "{again:?}");
}

impl Node {
    fn store(&self) -> &dyn PresenceStore {
        self.backbone.presence().expect("this backbone knows who is there")
    }

    async fn enter(&self, channel: &ChannelName, lease: Lease, attendees: &[Attendee]) {
        self.store().enter(channel, lease, attendees).await.expect("entering works");
    }

    async fn leave(&self, channel: &ChannelName, numbers: &[u64]) {
        let connections: Vec<String> = numbers.iter().map(|number| lease(1).connection(*number)).collect();
        self.store().leave(channel, &connections).await.expect("leaving works");
    }

    async fn present(&self, channel: &ChannelName, after: Option<&str>, limit: usize) -> Present {
        self.store().present(channel, after, limit).await.expect("reading works")
    }

    async fn change(&mut self, channel: &ChannelName) -> PresenceChange {
        match self.arrival().await {
            Arrival::Presence(of, change) if of == *channel => change,
            other => panic!("no change of who is there: {other:?}"),
        }
    }
}

fn lease(term: u32) -> Lease {
    Lease { node: 0x9f3a_01bc_5f1d_03c2, term }
}

/// Another node's.
fn another() -> Lease {
    Lease { node: 0xa000_0000_0000_0001, term: 1 }
}

fn ada(number: u64) -> Attendee {
    Attendee { connection: lease(1).connection(number), user: Some("ada".into()), info: None }
}

fn informed(number: u64, info: &str) -> Attendee {
    Attendee { info: Some(info.into()), ..ada(number) }
}

fn anonymous(number: u64) -> Attendee {
    Attendee { user: None, ..ada(number) }
}

fn counts(connections: u64, users: u64) -> Counts {
    Counts { connections, users }
}

fn joined(joined: impl Into<Vec<Attendee>>, counts: Counts) -> PresenceChange {
    PresenceChange { joined: joined.into(), left: Vec::new(), counts }
}

fn left(left: impl Into<Vec<Attendee>>, counts: Counts) -> PresenceChange {
    PresenceChange { joined: Vec::new(), left: left.into(), counts }
}
