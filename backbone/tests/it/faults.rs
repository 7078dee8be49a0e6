//! The contract, kept by logs that can fail as long as they do not; and each of their faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tidewire_backbone::contract::Cluster;
use tidewire_backbone::{
    Appended, Arrival, Arrivals, Backbone, Draft, Faults, FaultyBackbone, Interrupted, MemoryConfig, Noticed,
    Pace, Retention,
};
use tidewire_protocol::{ChannelName, Payload, PublisherId};

tidewire_backbone::backbone_contract!(FaultlessCluster(Faults::new(MemoryConfig::default(), 7)));

struct FaultlessCluster(Faults);

#[async_trait]
impl Cluster for FaultlessCluster {
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals) {
        let (node, arrivals) = self.0.node();
        (Arc::new(node), arrivals)
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_loses_what_the_replica_had_not_got() {
    let (faults, node, mut arrivals) = listening().await;
    publish(&node, 1).await;
    faults.lag(Duration::from_secs(1));
    publish(&node, 2).await;
    tokio::time::advance(Duration::from_millis(500)).await;
    publish(&node, 3).await;
    tokio::time::advance(Duration::from_millis(600)).await;

    let lost = faults.fail_over(Noticed::ByAll);
    assert_eq!(lost.iter().map(|lost| lost.entry.seq).collect::<Vec<_>>(), [3]);
    assert_eq!(seqs(&faults), [1, 2]);
    assert_eq!(
        node.publish(&channel(), draft(4), Retention::DEFAULT).await,
        Ok(Appended::Behind { last: 2 })
    );
    assert_eq!(news(&mut arrivals), ["1", "2", "3", "interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_primary_serves_those_who_have_not_noticed() {
    let (faults, node, mut arrivals) = listening().await;
    publish(&node, 1).await;
    faults.fail_over(Noticed::ByNone);
    publish(&node, 2).await;
    assert_eq!(seqs(&faults), [1]);

    node.turn();
    publish(&node, 2).await;
    assert_eq!(seqs(&faults), [1, 2]);
    assert_eq!(news(&mut arrivals), ["1", "2", "interrupted", "2"]);
}

#[tokio::test(start_paused = true)]
async fn when_everything_is_lost_a_new_log_begins() {
    let (faults, node, _arrivals) = listening().await;
    publish(&node, 1).await;
    let before = faults.log(&channel()).run.base;
    faults.lose_everything();
    publish(&node, 1).await;
    let after = faults.log(&channel()).run;
    assert_ne!(before, after.base);
    assert_eq!(after.entries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_trimmed_is_gone_from_the_replica_too() {
    let (faults, node, _arrivals) = listening().await;
    for seq in 1..=3 {
        publish(&node, seq).await;
    }
    faults.trim(&channel(), 1);
    assert_eq!(seqs(&faults), [3]);
    faults.fail_over(Noticed::ByAll);
    assert_eq!(seqs(&faults), [3]);
}

#[tokio::test(start_paused = true)]
async fn lost_news_are_announced_when_the_link_is_mended() {
    let (_faults, node, mut arrivals) = listening().await;
    node.lose_news();
    publish(&node, 1).await;
    node.mend_news();
    publish(&node, 2).await;
    assert_eq!(news(&mut arrivals), ["interrupted", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_says_nothing_of_what_was_done() {
    let (faults, node, _arrivals) = listening().await;
    node.lose_answers(1);
    assert!(node.publish(&channel(), draft(1), Retention::DEFAULT).await.is_err());
    assert_eq!(seqs(&faults), [1]);
    assert!(matches!(
        node.publish(&channel(), draft(1), Retention::DEFAULT).await,
        Ok(Appended::Old { position: Some(_) })
    ));
}

#[tokio::test(start_paused = true)]
async fn while_it_is_down_nothing_is_done() {
    let (faults, node, _arrivals) = listening().await;
    node.go_down();
    assert!(node.publish(&channel(), draft(1), Retention::DEFAULT).await.is_err());
    assert!(node.read(&channel(), 0, 9).await.is_err());
    node.come_back();
    assert_eq!(seqs(&faults), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn slow_calls_keep_their_order_and_are_lost_when_the_link_turns() {
    let (faults, node, _arrivals) = listening().await;
    let (request, answer) = (Duration::from_millis(1), Duration::from_millis(1));
    node.pace(Pace { request: request..=100 * request, answer: answer..=100 * answer });
    let calls: Vec<_> = (1..=9).map(|seq| node.publish(&channel(), draft(seq), Retention::DEFAULT)).collect();
    for call in calls {
        assert!(matches!(call.await, Ok(Appended::Accepted { .. })));
    }
    assert_eq!(seqs(&faults), [1, 2, 3, 4, 5, 6, 7, 8, 9]);

    let under_way = node.publish(&channel(), draft(10), Retention::DEFAULT);
    faults.fail_over(Noticed::ByAll);
    assert!(under_way.await.is_err());
    assert_eq!(seqs(&faults), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

async fn listening() -> (Faults, FaultyBackbone, Arrivals) {
    let faults = Faults::new(MemoryConfig::default(), 7);
    let (node, arrivals) = faults.node();
    node.listen(&channel()).await.unwrap();
    (faults, node, arrivals)
}

async fn publish(node: &FaultyBackbone, seq: u64) {
    let appended = node.publish(&channel(), draft(seq), Retention::DEFAULT).await;
    assert!(matches!(appended, Ok(Appended::Accepted { .. })), "{appended:?}");
}

fn seqs(faults: &Faults) -> Vec<u64> {
    faults.log(&channel()).run.entries.iter().map(|entry| entry.seq).collect()
}

fn news(arrivals: &mut Arrivals) -> Vec<String> {
    let said = |arrival| match arrival {
        Arrival::Published(_, entry) => entry.seq.to_string(),
        Arrival::Interrupted(Interrupted::All) => "interrupted".to_owned(),
        other @ (Arrival::Announced(..)
        | Arrival::Ephemeral(..)
        | Arrival::Presence(..)
        | Arrival::Interrupted(_)) => {
            panic!("{other:?}")
        }
    };
    std::iter::from_fn(|| arrivals.try_recv().ok()).map(said).collect()
}

fn channel() -> ChannelName {
    "news:today".parse().unwrap()
}

fn draft(seq: u64) -> Draft {
    Draft { publisher: PublisherId(7), seq, payload: Payload::Json("1".into()), user: None, force: false }
}
