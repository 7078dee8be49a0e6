//! Who is in a channel: lists, and who joins and leaves.

use std::time::Duration;

use serde_json::{Value, json};
use tidewire_backbone::{Attendee, Backbone, Lease};
use tidewire_protocol::ChannelName;
use tidewire_server::{AllowAll, Settings};

use crate::harness::{Client, TestNode, node, node_with, settings};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn who_subscribes_is_there_on_every_node_until_it_leaves() {
    let node = node_with(telling(), AllowAll).await;
    let other = node.another().await;
    let (mut ada, name) = comes(&node, "ada").await;
    let (mut bob, _) = comes(&other, "bob").await;
    let list = is_there(&mut bob, 2).await;
    assert_eq!(list["users"], 2);
    assert!(
        list["members"].as_array().unwrap().contains(&json!({"user": "ada", "connection": name})),
        "{list}"
    );

    ada.say(json!({"unsubscribe": {"id": 9, "channel": CHANNEL}})).await;
    ada.hears("unsubscribed").await;
    let list = is_there(&mut bob, 1).await;
    assert_eq!(list["members"][0]["user"], "bob");
    drop(bob);
    // Who asks need not be there.
    let list = is_there(&mut ada, 0).await;
    assert!(list.get("members").is_none(), "{list}");
}

#[tokio::test]
async fn two_connections_of_a_user_are_two_members_and_one_user_and_the_anonymous_count_for_themselves() {
    let node = node_with(telling(), AllowAll).await;
    let (mut ada, _) = comes(&node, "ada").await;
    let (_again, _) = comes(&node, "ada").await;
    let mut nobodies = [node.connect(1).await, node.connect(2).await];
    for nobody in &mut nobodies {
        nobody.subscribes(CHANNEL).await;
    }
    let list = is_there(&mut ada, 4).await;
    assert_eq!(list["users"], 3);
    let members = list["members"].as_array().unwrap();
    assert_eq!(members.iter().filter(|member| member["user"] == member["connection"]).count(), 2);
}

#[tokio::test]
async fn who_watches_is_told_who_joins_and_who_leaves_and_with_what_counts() {
    let node = node_with(telling(), AllowAll).await;
    let other = node.another().await;
    let (mut ada, _) = comes(&node, "ada").await;
    is_there(&mut ada, 1).await;
    watches(&mut ada).await;
    let (bob, name) = comes(&other, "bob").await;
    let bob_is = json!({"user": "bob", "connection": name});
    let joined = ada.hears("joined").await;
    assert_eq!(
        (&joined["member"], &joined["connections"], &joined["users"]),
        (&bob_is, &json!(2), &json!(2))
    );
    drop(bob);
    let left = ada.hears("left").await;
    assert_eq!((&left["member"], &left["connections"]), (&bob_is, &json!(1)));

    ada.say(json!({"presence": {"id": 8, "channel": CHANNEL}})).await;
    ada.hears("presence").await;
    let (_bob, _) = comes(&other, "bob").await;
    is_there(&mut ada, 2).await;
    node.publishes(CHANNEL, 1).await;
    // Nothing of bob in between.
    ada.hears("publication").await;
}

#[tokio::test]
async fn those_who_join_together_are_told_together() {
    let node = node_with(telling(), AllowAll).await;
    let (mut ada, _) = comes(&node, "ada").await;
    is_there(&mut ada, 1).await;
    watches(&mut ada).await;
    let mut crowd = Vec::new();
    for number in 0..40 {
        crowd.push(comes(&node, &format!("user-{number}")).await);
    }
    let (mut frames, mut members) = (0, 0);
    while members < 40 {
        let joined = ada.hears("joined").await;
        members += 1 + joined.get("others").map_or(0, |others| others.as_array().unwrap().len());
        frames += 1;
        assert_eq!(joined["connections"], members + 1);
    }
    assert!(frames < 40, "each had a frame of its own");
}

#[tokio::test]
async fn pages_follow_each_other() {
    let settings = changed(telling(), |settings| settings.limits.presence_page = 3);
    let node = node_with(settings, AllowAll).await;
    let mut crowd = Vec::new();
    for number in 0..7 {
        crowd.push(comes(&node, &format!("user-{number}")).await);
    }
    let mut names: Vec<String> = crowd.iter().map(|(_, name)| name.clone()).collect();
    names.sort_unstable();
    let ada = &mut crowd[0].0;
    is_there(ada, 7).await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for limit in [0, 2, 9] {
        let mut wish = json!({"presence": {"id": 5, "channel": CHANNEL, "limit": limit}});
        if !after.is_null() {
            wish["presence"]["after"] = after;
        }
        ada.say(wish).await;
        let page = ada.hears("presence").await;
        assert_eq!(page["connections"], 7);
        let members = page["members"].as_array().unwrap();
        seen.extend(members.iter().map(|member| member["connection"].as_str().unwrap().to_owned()));
        after = page["next"].clone();
    }
    // Three, two, and the two that were left.
    assert_eq!((seen, after), (names, Value::Null));
}

#[tokio::test]
async fn where_it_is_not_told_it_is_not_offered_and_refused() {
    let node = node().await;
    let mut ada = node.dial().await;
    ada.say(json!({"hello": {"sdk": "test"}})).await;
    assert!(ada.hears("welcome").await.get("features").is_none());
    ada.subscribes(CHANNEL).await;
    ada.say(json!({"presence": {"id": 5, "channel": CHANNEL, "watch": true}})).await;
    assert_eq!(ada.hears("refused").await["code"], "not_supported");

    let node = node_with(telling(), AllowAll).await;
    let mut ada = node.dial().await;
    ada.say(json!({"hello": {"sdk": "test"}})).await;
    assert_eq!(ada.hears("welcome").await["features"], json!(["presence"]));
}

#[tokio::test]
async fn who_is_not_subscribed_may_ask_but_not_watch() {
    let node = node_with(telling(), AllowAll).await;
    let mut ada = node.connect(1).await;
    ada.say(json!({"presence": {"id": 5, "channel": CHANNEL, "watch": true}})).await;
    assert_eq!(ada.hears("refused").await["code"], "not_subscribed");
    ada.say(json!({"presence": {"id": 6, "channel": CHANNEL}})).await;
    assert_eq!(ada.hears("presence").await["id"], 6);
    ada.say(json!({"presence": {"id": 7, "channel": CHANNEL, "after": "x".repeat(65)}})).await;
    assert_eq!(ada.hears("refused").await["code"], "malformed");
}

#[tokio::test]
async fn the_watch_ends_with_the_subscription() {
    let node = node_with(telling(), AllowAll).await;
    let (mut ada, _) = comes(&node, "ada").await;
    is_there(&mut ada, 1).await;
    watches(&mut ada).await;
    ada.subscribes(CHANNEL).await;
    let (_bob, _) = comes(&node, "bob").await;
    is_there(&mut ada, 2).await;
}

#[tokio::test]
async fn in_a_large_channel_only_counts_are_told_until_it_is_small_again() {
    let settings = changed(telling(), |settings| settings.limits.presence_told = 4);
    let node = node_with(settings, AllowAll).await;
    let (mut ada, _) = comes(&node, "ada").await;
    is_there(&mut ada, 1).await;
    watches(&mut ada).await;
    let mut crowd = Vec::new();
    for number in 0..9 {
        crowd.push(comes(&node, &format!("user-{number}")).await);
    }
    let told = counted(&mut ada, 10).await;
    assert!(told.get("again_within_ms").is_none(), "{told}");
    // Who begins to watch now is told that too.
    let mut bob = crowd.pop().unwrap().0;
    bob.say(json!({"presence": {"id": 5, "channel": CHANNEL, "watch": true}})).await;
    assert!(bob.hears("occupancy").await.get("again_within_ms").is_none());
    drop(bob);
    crowd.truncate(1);
    let told = loop {
        let frame = ada.next().await;
        if frame["occupancy"].get("again_within_ms").is_some() {
            break frame["occupancy"].clone();
        }
        assert!(frame.get("occupancy").is_some(), "{frame}");
    };
    assert_eq!(told["connections"], 2);
    crowd.clear();
    assert_eq!(ada.hears("left").await["connections"], 1);
}

#[tokio::test]
async fn a_watcher_that_has_no_room_for_a_change_is_told_to_ask_again() {
    let settings = changed(telling(), |settings| {
        settings.limits.presence_changes = 1_000_000;
        settings.limits.presence_told = 1_000_000;
    });
    let node = node_with(settings, AllowAll).await;
    let (mut ada, _) = comes(&node, "ada").await;
    is_there(&mut ada, 1).await;
    watches(&mut ada).await;
    let store = node.backbone.presence().unwrap();
    let lease = Lease { node: 7, term: 1 };
    // More than the sockets' buffers and the outbox hold.
    for round in 0..400 {
        let attendees: Vec<Attendee> = (0..50).map(|number| somebody(lease, number, round)).collect();
        store.enter(&channel(), lease, &attendees).await.unwrap();
    }
    store.leave(&channel(), &[lease.connection(49)]).await.unwrap();
    let mut to_ask_again = 0;
    loop {
        let frame = ada.next().await;
        let told = frame.get("occupancy");
        if let Some(told) = told {
            assert!(told["again_within_ms"].is_u64(), "{told}");
            to_ask_again += 1;
        }
        // The last change comes, or the word that it was missed comes after it.
        if told.or(frame.get("left")).is_some_and(|news| news["connections"] == 50) {
            break;
        }
    }
    assert!(to_ask_again > 0, "it had room for everything");
    store.leave(&channel(), &[lease.connection(48)]).await.unwrap();
    assert_eq!(ada.hears("left").await["connections"], 49);
}

#[tokio::test]
async fn the_members_of_a_node_that_is_not_heard_of_leave_and_each_watcher_is_told_once() {
    let settings = changed(telling(), |settings| settings.presence_lease = Duration::from_millis(600));
    let node = node_with(settings, AllowAll).await;
    let other = node.another().await;
    let (mut ada, _) = comes(&node, "ada").await;
    let (mut bob, _) = comes(&other, "bob").await;
    is_there(&mut bob, 2).await;
    watches(&mut ada).await;
    watches(&mut bob).await;
    let store = node.backbone.presence().unwrap();
    let lease = Lease { node: 7, term: 1 };
    store.renew(lease).await.unwrap();
    store.enter(&channel(), lease, &[somebody(lease, 1, 0), somebody(lease, 2, 0)]).await.unwrap();
    for watcher in [&mut ada, &mut bob] {
        assert_eq!(watcher.hears("joined").await["connections"], 4);
        let left = watcher.hears("left").await;
        assert_eq!((&left["connections"], left["others"].as_array().unwrap().len()), (&json!(2), 1));
    }
    let (_cid, _) = comes(&node, "cid").await;
    for watcher in [&mut ada, &mut bob] {
        assert_eq!(watcher.hears("joined").await["member"]["user"], "cid");
    }
}

#[tokio::test]
async fn who_has_gone_with_its_node_is_not_counted_where_nobody_was_there_to_see_it() {
    let settings = changed(telling(), |settings| settings.presence_lease = Duration::from_millis(600));
    let node = node_with(settings, AllowAll).await;
    let store = node.backbone.presence().unwrap();
    // One renewed its lease once, of the other the store knows nothing.
    let (heard_of, unheard_of) = (Lease { node: 7, term: 1 }, Lease { node: 8, term: 1 });
    store.renew(heard_of).await.unwrap();
    store.enter(&channel(), heard_of, &[somebody(heard_of, 1, 0)]).await.unwrap();
    store.enter(&channel(), unheard_of, &[somebody(unheard_of, 1, 0)]).await.unwrap();
    let mut ada = node.connect(1).await;
    let list = is_there(&mut ada, 0).await;
    assert!(list.get("users").is_none(), "{list}");
}

#[tokio::test]
async fn a_node_that_stops_takes_its_members_along() {
    let node = node_with(telling(), AllowAll).await;
    let other = node.another().await;
    let (mut ada, _) = comes(&node, "ada").await;
    let (_bob, _) = comes(&other, "bob").await;
    is_there(&mut ada, 2).await;
    watches(&mut ada).await;
    other.node.drain(Duration::ZERO, Duration::ZERO).await;
    assert_eq!(ada.hears("left").await["connections"], 1);
}

fn telling() -> Settings {
    changed(settings(), |settings| settings.namespaces.others.as_mut().unwrap().presence = true)
}

fn changed(mut settings: Settings, change: impl FnOnce(&mut Settings)) -> Settings {
    change(&mut settings);
    settings
}

fn channel() -> ChannelName {
    CHANNEL.parse().unwrap()
}

fn somebody(lease: Lease, number: u64, round: u64) -> Attendee {
    let info = Some(format!("\"{round}{}\"", "x".repeat(500)));
    Attendee { connection: lease.connection(number), user: Some("somebody".to_owned()), info }
}

/// Connects as a user and subscribes; answers the connection's name too.
async fn comes(node: &TestNode, user: &str) -> (Client, String) {
    let mut client = node.dial().await;
    client.say(json!({"hello": {"sdk": "test", "token": user}})).await;
    let name = client.hears("welcome").await["connection"].as_str().unwrap().to_owned();
    client.subscribes(CHANNEL).await;
    (client, name)
}

async fn watches(client: &mut Client) {
    client.say(json!({"presence": {"id": 7, "channel": CHANNEL, "watch": true}})).await;
    client.hears("presence").await;
}

/// Asks until so many are there; answers with the list.
async fn is_there(client: &mut Client, connections: u64) -> Value {
    let asking = async {
        loop {
            client.say(json!({"presence": {"id": 6, "channel": CHANNEL}})).await;
            let list = client.hears("presence").await;
            if list.get("connections").map_or(0, |count| count.as_u64().unwrap()) == connections {
                return list;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("so many are never there")
}

/// The `occupancy` that tells of so many connections.
async fn counted(client: &mut Client, connections: u64) -> Value {
    loop {
        let frame = client.next().await;
        if frame["occupancy"]["connections"] == connections {
            return frame["occupancy"].clone();
        }
    }
}
