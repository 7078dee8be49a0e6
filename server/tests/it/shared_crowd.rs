//! Streams of a shared socket that subscribe, unsubscribe and close at random, and what each of them hears.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Client, Dice, TestNode, node};
use crate::shared_client::SharedClient;

#[tokio::test]
async fn of_many_streams_that_come_and_go_each_gets_what_is_published_meanwhile_once_and_in_order() {
    for seed in 0..8 {
        let node = node().await;
        let mut crowd = Crowd::of(&node, seed).await;
        for number in 0..150 {
            crowd.does_something(number).await;
        }
        crowd.has_heard_all().await;
    }
}

const CHANNELS: u64 = 3;
const MOST_STREAMS: usize = 12;

struct Crowd<'a> {
    node: &'a TestNode,
    client: SharedClient,
    /// Hears everything when the streams do.
    witness: Client,
    dice: Dice,
    streams: BTreeMap<u32, Stream>,
    last: u32,
}

/// By channel: whether it is subscribed, what it is to hear, and what it has heard.
#[derive(Default)]
struct Stream([(bool, Vec<u64>, Vec<u64>); CHANNELS as usize]);

impl<'a> Crowd<'a> {
    async fn of(node: &'a TestNode, seed: u64) -> Self {
        let (client, mut witness) = (SharedClient::dial(node.address).await, node.connect(9).await);
        for channel in 0..CHANNELS {
            witness.subscribes(&format!("chat:{channel}")).await;
        }
        Self { node, client, witness, dice: Dice(seed), streams: BTreeMap::new(), last: 0 }
    }

    async fn does_something(&mut self, number: u64) {
        let channel = self.dice.below(CHANNELS) as usize;
        let number_of = 1 + self.dice.below(u64::from(self.last.max(1))) as u32;
        let subscribed = self.streams.get(&number_of).map(|stream| stream.0[channel].0);
        match (self.dice.below(10), subscribed) {
            (0, _) | (_, None) if self.streams.len() < MOST_STREAMS => self.opens().await,
            (1, Some(_)) => {
                self.client.closes(number_of).await;
                self.streams.remove(&number_of);
            }
            (2..=5, Some(false)) => self.asks(number_of, channel, "subscribe", "subscribed").await,
            (2, Some(true)) => self.asks(number_of, channel, "unsubscribe", "unsubscribed").await,
            _ => self.publishes(channel, number).await,
        }
    }

    async fn opens(&mut self) {
        self.last += 1;
        self.client.opens(self.last).await;
        self.streams.insert(self.last, Stream::default());
    }

    async fn asks(&mut self, number: u32, channel: usize, request: &str, answer: &str) {
        self.client.say(number, json!({request: {"id": 1, "channel": format!("chat:{channel}")}})).await;
        self.hears(number, answer).await;
        self.streams.get_mut(&number).unwrap().0[channel].0 = request == "subscribe";
    }

    async fn publishes(&mut self, channel: usize, number: u64) {
        self.node.publishes(&format!("chat:{channel}"), json!([channel, number])).await;
        self.witness.hears_publications(1).await;
        for stream in self.streams.values_mut() {
            let (subscribed, expected, _) = &mut stream.0[channel];
            expected.extend(subscribed.then_some(number));
        }
    }

    /// A frame comes; what is published before it is noted.
    async fn hears(&mut self, number: u32, kind: &str) {
        loop {
            let frame = self.client.next(number).await;
            let Some(publication) = frame.get("publication") else {
                return assert!(frame.get(kind).is_some(), "{number} expected {kind}: {frame}");
            };
            let [channel, heard] = [0, 1].map(|index| publication["data"][index].as_u64().unwrap());
            self.streams.get_mut(&number).unwrap().0[channel as usize].2.push(heard);
        }
    }

    async fn has_heard_all(mut self) {
        let ping: Value = json!({"ping": {}});
        for number in self.streams.keys().copied().collect::<Vec<_>>() {
            self.client.say(number, ping.clone()).await;
            self.hears(number, "pong").await;
            for (_, expected, heard) in &self.streams[&number].0 {
                assert_eq!(heard, expected, "of {number}");
            }
        }
    }
}
