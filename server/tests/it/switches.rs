//! What each mechanism is for: with one of them off, a promise breaks.

use serde_json::json;
use tidewire_server::Switches;

use crate::fallible::News;
use crate::harness::{node_switched, node_switched_on_a_fallible_log, publish};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn without_deduplication_what_is_published_again_comes_twice() {
    let node = node_switched(Switches { deduplication: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    ada.say(publish(CHANNEL, 1, "hi")).await;
    ada.say(publish(CHANNEL, 1, "hi")).await;
    assert_eq!(ada.hears_publications_and_answers(2, 2).await, ["hi", "hi"]);
}

#[tokio::test]
async fn without_tags_a_position_of_another_history_is_believed() {
    let node = node_switched(Switches { tags: false, ..Switches::default() }).await;
    node.publishes(CHANNEL, 1).await;
    node.publishes(CHANNEL, 2).await;
    let subscribed = node.connect(1).await.resumes(CHANNEL, &["1-0badcafe"]).await;
    assert_eq!((&subscribed["reset"], &subscribed["replay"][0]["data"]), (&json!(null), &json!(2)));
}

#[tokio::test]
async fn without_tags_what_took_the_place_of_something_lost_is_not_heard() {
    let node = node_switched_on_a_fallible_log(Switches { tags: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    node.publishes(CHANNEL, "kept").await;
    node.publishes(CHANNEL, "lost").await;
    node.backbone.loses_the_last(CHANNEL, 1);
    node.publishes(CHANNEL, "in its place").await;
    node.publishes(CHANNEL, "after it").await;
    assert_eq!(ada.hears_publications(3).await, ["kept", "lost", "after it"]);
}

#[tokio::test]
async fn without_sweeps_what_got_lost_stays_lost_until_the_next_arrival() {
    let node = node_switched_on_a_fallible_log(Switches { sweep: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    let others: Vec<String> = (0..16).map(|number| format!("chat:{number}")).collect();
    for other in &others {
        ada.subscribes(other).await;
    }
    node.backbone.news(News::GetsLost);
    node.publishes(CHANNEL, 1).await;
    node.backbone.interrupts().await;
    node.backbone.news(News::Arrives);
    let read = node.backbone.reads();
    // They pass through the same queues, after the interruption.
    for other in &others {
        node.publishes(other, 0).await;
    }
    ada.hears_publications(others.len()).await;
    assert_eq!(node.backbone.reads(), read);
    node.publishes(CHANNEL, 2).await;
    assert_eq!(ada.hears_publications(2).await, [1, 2]);
}

#[test]
fn switches_are_read_by_name() {
    let off = Switches { tags: false, sweep: false, ..Switches::default() };
    assert_eq!("tags, sweep".parse(), Ok(off));
    assert_eq!("".parse(), Ok(Switches::default()));
    assert!("tag".parse::<Switches>().is_err());
}
