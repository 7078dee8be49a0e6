//! What a failover lost is appended again by whoever still has it; what nobody has is not lost in silence.

use std::time::Duration;

use serde_json::{Value, json};
use tidewire_backbone::{Answer, Entry, Faults, FaultyBackbone, MemoryConfig, Noticed, Pace};
use tidewire_protocol::Payload;
use tidewire_server::{Author, Settings, Switches};

use crate::harness::{TestNode, node_on, node_on_a_fallible_log, publish, settings, until};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn what_a_failover_lost_is_appended_again_and_nobody_is_rewound() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ada.subscribes(CHANNEL).await;
    ben.publishes(CHANNEL, 1, 1).await;
    replication_stops(&faults);
    for number in 2..=5 {
        ben.publishes(CHANNEL, number, number).await;
    }
    assert_eq!(ada.hears_publications(5).await, [1, 2, 3, 4, 5]);
    let before = log(&faults);
    assert_eq!(faults.fail_over(Noticed::ByAll).len(), 4);
    until(|| log(&faults).tip == before.tip).await;
    assert_eq!(log(&faults), before);
    ben.publishes(CHANNEL, 6, 6).await;
    assert_eq!(ada.hears_publications(1).await, [6]);
}

#[tokio::test]
async fn a_node_without_subscribers_appends_again_what_it_acknowledged() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    publishes(&node, "before").await;
    replication_stops(&faults);
    publishes(&node, "lost").await;
    let before = log(&faults);
    faults.fail_over(Noticed::ByAll);
    until(|| log(&faults).tip == before.tip).await;
    assert_eq!(log(&faults), before);
}

#[tokio::test]
async fn a_node_that_only_heard_of_it_appends_it_again() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let (here, there) = (healthy(&faults).await, deaf(&faults).await);
    let mut ada = here.connect(1).await;
    ada.subscribes(CHANNEL).await;
    replication_stops(&faults);
    publishes(&there, "lost").await;
    ada.hears_publications(1).await;
    let before = log(&faults);
    faults.fail_over(Noticed::ByAll);
    until(|| log(&faults).tip == before.tip).await;
    assert_eq!(log(&faults), before);
}

#[tokio::test]
async fn what_left_with_the_last_subscriber_is_appended_again_too() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let settings = Settings { linger: Duration::ZERO, ..settings() };
    let here = node_on(&faults, settings, Switches::default()).await;
    let there = deaf(&faults).await;
    let mut ada = here.connect(1).await;
    ada.subscribes(CHANNEL).await;
    replication_stops(&faults);
    publishes(&there, "lost").await;
    ada.hears_publications(1).await;
    drop(ada);
    here.leaves_deserted_channels().await;
    let before = log(&faults);
    faults.fail_over(Noticed::ByAll);
    until(|| log(&faults).tip == before.tip).await;
}

#[tokio::test]
async fn an_acknowledgement_of_a_replaced_server_is_not_believed() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    publishes(&node, "before").await;
    replication_stops(&faults);
    node.backbone.pace(answering_after(Duration::from_secs(1)));
    let handle = node.node.clone();
    let publishing = tokio::spawn(async move {
        handle.publish(&CHANNEL.parse().unwrap(), payload("late"), Author::once()).await
    });
    until(|| payloads(&log(&faults)) == ["before", "late"]).await;
    faults.fail_over(Noticed::ByAll);
    assert_eq!(payloads(&log(&faults)), ["before"]);
    node.backbone.pace(Pace::default());
    publishing.await.unwrap().unwrap();
    until(|| payloads(&log(&faults)) == ["before", "late"]).await;
}

#[tokio::test]
async fn what_is_lost_again_while_it_is_appended_again_is_appended_once_more() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    publishes(&node, "before").await;
    replication_stops(&faults);
    publishes(&node, "lost").await;
    ada.hears_publications(2).await;
    node.backbone.pace(answering_after(Duration::from_millis(300)));
    faults.fail_over(Noticed::ByAll);
    until(|| payloads(&log(&faults)) == ["before", "lost"]).await;
    // The node hears of this before it hears that it has healed the log.
    faults.fail_over(Noticed::ByAll);
    until(|| payloads(&log(&faults)) == ["before", "lost"]).await;
}

#[tokio::test]
async fn what_a_ring_had_that_could_not_be_compared_is_appended_again_too() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    replication_stops(&faults);
    publishes(&node, "lost").await;
    ada.hears_publications(1).await;
    drop(ada);
    until(|| node.node.occupancy(&CHANNEL.parse().unwrap()) == 0).await;
    node.backbone.pace(answering_after(Duration::from_millis(300)));
    faults.fail_over(Noticed::ByAll);
    // The node begins to read the new log, which is gone before it answers.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    faults.fail_over(Noticed::ByAll);
    until(|| payloads(&log(&faults)) == ["lost"]).await;
}

#[tokio::test]
async fn a_log_that_is_behind_what_it_acknowledged_is_noticed_by_the_next_publish() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    // Without the word that tells of it.
    let node = node_on(&faults, settings(), Switches { sweep: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.publishes(CHANNEL, 1, 1).await;
    replication_stops(&faults);
    ada.publishes(CHANNEL, 2, 2).await;
    faults.fail_over(Noticed::ByAll);
    ada.say(publish(CHANNEL, 3, 3)).await;
    assert_eq!(ada.hears("behind").await["last"], 1);
    until(|| payloads(&log(&faults)) == [1, 2]).await;
}

#[tokio::test]
async fn what_nobody_has_is_missing_before_the_entry_that_is_forced() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let mut settings = settings();
    settings.limits.settle_entries = 1;
    let node = node_on(&faults, settings, Switches::default()).await;
    let mut ben = node.connect(2).await;
    ben.publishes(CHANNEL, 1, 1).await;
    replication_stops(&faults);
    for number in 2..=4 {
        ben.publishes(CHANNEL, number, number).await;
    }
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    faults.fail_over(Noticed::ByAll);
    while ada.next().await.get("reset").is_none() {}
    let forced = ada.hears("publication").await;
    assert_eq!((&forced["data"], &forced["missing"]), (&json!(4), &json!(2)));
}

#[tokio::test]
async fn new_publications_do_not_wait_for_what_is_behind() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let mut settings = settings();
    settings.limits.settle_entries = 1;
    let node = node_on(&faults, settings, Switches::default()).await;
    let (mut ada, mut ben) = (node.connect(1).await, node.connect(2).await);
    ben.publishes(CHANNEL, 1, 1).await;
    replication_stops(&faults);
    ben.publishes(CHANNEL, 2, 2).await;
    ben.publishes(CHANNEL, 3, 3).await;
    faults.fail_over(Noticed::ByAll);
    ada.subscribes(CHANNEL).await;
    ada.publishes(CHANNEL, 1, "new").await;
    let forced: Vec<Entry> = log(&faults).run.entries.into_iter().filter(|entry| entry.missing > 0).collect();
    assert_eq!(forced, []);
}

#[tokio::test]
async fn nothing_older_than_the_settle_window_is_appended_again() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let settings = Settings { settle: Duration::from_millis(50), ..settings() };
    let node = node_on(&faults, settings, Switches::default()).await;
    publishes(&node, "before").await;
    replication_stops(&faults);
    publishes(&node, "old").await;
    let waited = tokio::time::Instant::now() + Duration::from_millis(60);
    until(|| tokio::time::Instant::now() > waited).await;
    publishes(&node, "young").await;
    faults.fail_over(Noticed::ByAll);
    until(|| payloads(&log(&faults)).len() > 1).await;
    assert_eq!(payloads(&log(&faults)), ["before", "young"]);
}

#[tokio::test]
async fn after_the_loss_of_everything_what_is_known_is_in_the_new_log() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = healthy(&faults).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    for number in 1..=3 {
        publishes(&node, number).await;
    }
    ada.hears_publications(3).await;
    faults.lose_everything();
    assert_eq!(ada.hears("reset").await["reason"], "replaced");
    assert_eq!(payloads(&log(&faults)), [1, 2, 3]);
}

#[tokio::test]
async fn without_healing_what_a_failover_lost_is_lost() {
    let faults = Faults::new(MemoryConfig::default(), 1);
    let node = node_on(&faults, settings(), Switches { healing: false, ..Switches::default() }).await;
    let mut ada = node.connect(1).await;
    ada.subscribes(CHANNEL).await;
    publishes(&node, 1).await;
    replication_stops(&faults);
    publishes(&node, 2).await;
    ada.hears_publications(2).await;
    faults.fail_over(Noticed::ByAll);
    ada.hears("rewound").await;
    publishes(&node, 3).await;
    assert_eq!(payloads(&log(&faults)), [1, 3]);
}

#[tokio::test]
async fn a_panic_does_not_end_the_care_for_a_log() {
    let node = node_on_a_fallible_log(settings()).await;
    for number in 1..=3 {
        node.node
            .publish(&CHANNEL.parse().unwrap(), Payload::Json(number.to_string().into()), Author::once())
            .await
            .unwrap();
    }
    for lost in [2, 1] {
        node.backbone.loses_the_last(CHANNEL, lost);
        node.backbone.panics_at_the_next_read();
        node.backbone.interrupts().await;
        until(|| node.backbone.entries(CHANNEL) == 3).await;
    }
}

async fn healthy(faults: &Faults) -> TestNode<FaultyBackbone> {
    node_on(faults, settings(), Switches::default()).await
}

/// A node that will not heal.
async fn deaf(faults: &Faults) -> TestNode<FaultyBackbone> {
    node_on(faults, settings(), Switches { healing: false, ..Switches::default() }).await
}

/// From now on a failover loses what is published.
fn replication_stops(faults: &Faults) {
    faults.lag(Duration::MAX);
}

/// A backbone that carries calls out at once, and whose answers take so long.
fn answering_after(delay: Duration) -> Pace {
    Pace { answer: delay..=delay, ..Pace::default() }
}

/// Publishes as somebody who does it once.
async fn publishes(node: &TestNode<FaultyBackbone>, data: impl Into<Value>) {
    let channel = CHANNEL.parse().unwrap();
    node.node.publish(&channel, payload(data), Author::once()).await.unwrap();
}

fn payload(data: impl Into<Value>) -> Payload {
    Payload::Json(data.into().to_string().into())
}

fn log(faults: &Faults) -> Answer {
    faults.log(&CHANNEL.parse().unwrap())
}

fn payloads(answer: &Answer) -> Vec<Value> {
    let entries = answer.run.entries.iter();
    entries.map(|entry| serde_json::from_slice(entry.payload.bytes()).unwrap()).collect()
}
