//! Whatever happens to the log and the news of it, each subscriber's publications form one unbroken history, up
//! to the log's tip: every position follows from the one before it, unless the server said otherwise.

use serde_json::{Value, json};
use tidewire_protocol::{Position, PublicationId};

use crate::fallible::{FallibleBackbone, News};
use crate::harness::{Client, Dice, TestNode, node_on_a_fallible_log, settings};

const CHANNEL: &str = "chat:lobby";

#[tokio::test]
async fn no_history_has_a_hole_however_logs_and_news_get_lost() {
    for seed in 0..40 {
        let mut settings = settings();
        // So little room that subscriptions fall behind all the time, and rings seldom reach back.
        settings.limits.outbox_bytes = 300;
        settings.limits.replay_bytes = 400;
        settings.limits.ring_bytes = 4000;
        settings.limits.arrivals_in_doubt = 4;
        let node = node_on_a_fallible_log(settings).await;
        node.publishes(CHANNEL, 0).await;
        let mut dice = Dice(seed);
        let mut subscribers = Vec::new();
        for number in 0..3 {
            subscribers.push(Subscriber::new(&node, number).await);
        }
        for _ in 0..200 {
            happen(&node, &mut subscribers, &mut dice).await;
        }
        node.backbone.news(News::Arrives);
        node.backbone.interrupts().await;
        let tip: Position = node.publishes(CHANNEL, "the end").await.parse().unwrap();
        for subscriber in &mut subscribers {
            while subscriber.last() != tip {
                subscriber.reads().await;
            }
        }
    }
}

async fn happen(node: &TestNode<FallibleBackbone>, subscribers: &mut [Subscriber], dice: &mut Dice) {
    let which = dice.below(subscribers.len() as u64) as usize;
    match dice.below(20) {
        0 => node.backbone.interrupts().await,
        1 => node.backbone.news(News::GetsLost),
        2 => node.backbone.news(News::IsAnnounced),
        3 | 4 => node.backbone.news(News::Arrives),
        5 => node.backbone.loses_the_last(CHANNEL, dice.below(6) as usize),
        6 | 7 => subscribers[which].comes_back(node).await,
        8 => tokio::task::yield_now().await,
        _ => drop(node.publishes(CHANNEL, "x".repeat(dice.below(200) as usize)).await),
    }
}

/// A subscriber that checks what it is told.
struct Subscriber {
    client: Client,
    number: u64,
    held: Vec<Position>,
    alias: Value,
}

impl Subscriber {
    async fn new(node: &TestNode<FallibleBackbone>, number: u64) -> Self {
        let client = node.connect(number).await;
        let mut subscriber = Self { client, number, held: Vec::new(), alias: Value::Null };
        let subscribed = subscriber.client.subscribes(CHANNEL).await;
        subscriber.begins(&subscribed);
        subscriber
    }

    async fn comes_back(&mut self, node: &TestNode<FallibleBackbone>) {
        self.client = node.connect(self.number).await;
        let newest_first = self.held.iter().rev().enumerate();
        let offered = newest_first.filter(|(back, _)| [0, 1, 2, 4, 8, 16, 32].contains(back));
        let since: Vec<String> = offered.map(|(_, position)| position.to_string()).collect();
        let since: Vec<&str> = since.iter().map(String::as_str).collect();
        let subscribed = self.client.resumes(CHANNEL, &since).await;
        self.begins(&subscribed);
    }

    fn begins(&mut self, subscribed: &Value) {
        self.alias = subscribed["alias"].clone();
        match subscribed.get("from") {
            Some(from) if self.held.is_empty() => self.held.push(position(from)),
            Some(from) => self.goes_back_to(position(from)),
            None => self.held = vec![position(&subscribed["position"])],
        }
        for publication in subscribed["replay"].as_array().into_iter().flatten() {
            self.takes(publication);
        }
    }

    async fn reads(&mut self) {
        let frame = self.client.next().await;
        if let Some(publication) = frame.get("publication") {
            assert_eq!(publication["alias"], self.alias);
            self.takes(publication);
        } else if let Some(rewound) = frame.get("rewound") {
            self.goes_back_to(position(&rewound["position"]));
        } else if let Some(reset) = frame.get("reset") {
            self.held = vec![position(&reset["position"])];
        } else {
            panic!("unexpected: {frame}");
        }
    }

    fn takes(&mut self, publication: &Value) {
        let id: PublicationId = publication["id"].as_str().unwrap().parse().unwrap();
        let next = position(&publication["position"]);
        assert_eq!(self.last().then(id), next, "a hole, or a copy, after {}", self.last());
        self.held.push(next);
    }

    fn goes_back_to(&mut self, position: Position) {
        let index = self.held.iter().position(|held| *held == position);
        let index = index.unwrap_or_else(|| panic!("{position} is not held: {}", json!(self.held.len())));
        self.held.truncate(index + 1);
    }

    fn last(&self) -> Position {
        *self.held.last().unwrap()
    }
}

fn position(text: &Value) -> Position {
    text.as_str().unwrap().parse().unwrap()
}
