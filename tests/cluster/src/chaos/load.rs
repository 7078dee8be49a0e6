use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tidewire_client::{
    ChannelName, Client, ClientOptions, Gap, PublishError, SubscribeOptions, Subscription, SubscriptionEvent,
};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Book, Mark, Outcome, Seen};

/// How much is published, by how many, to how many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Channels; each has two publishers and three subscribers.
    pub channels: u16,
    /// Clients that publish.
    pub publishers: u16,
    /// Clients that subscribe.
    pub subscribers: u16,
    /// Publications a second, of all together.
    pub rate: f64,
}

const PUBLISHERS_EACH: u16 = 2;
const SUBSCRIBERS_EACH: u16 = 3;

impl Default for Shape {
    fn default() -> Self {
        Self { channels: 50, publishers: 10, subscribers: 12, rate: 550.0 }
    }
}

impl Shape {
    /// For runs of a few seconds. Each channel has a publisher of the first half, and one of the second.
    pub(super) const SMALL: Self = Self { channels: 12, publishers: 4, subscribers: 6, rate: 240.0 };

    fn lanes(self) -> Vec<(u16, u16)> {
        pairs(self.channels, self.publishers, PUBLISHERS_EACH)
    }

    fn sights(self) -> Vec<(u16, u16)> {
        pairs(self.channels, self.subscribers, SUBSCRIBERS_EACH)
    }
}

/// For each channel so many clients, spread over all.
fn pairs(channels: u16, clients: u16, each: u16) -> Vec<(u16, u16)> {
    let each = each.min(clients);
    let of = |channel| (0..each).map(move |nth| (channel, (channel + nth * clients / each) % clients));
    (0..channels).flat_map(of).collect()
}

/// Clients that publish and subscribe, and write down what they see.
pub struct Load {
    book: Arc<Book>,
    shape: Shape,
    reach: Reach,
    publishers: Vec<Publisher>,
    subscribers: Vec<(Client, Vec<JoinHandle<()>>)>,
    clocks: Vec<Arc<AtomicU64>>,
}

/// A client that publishes until it is stopped.
struct Publisher {
    client: Client,
    stop: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

/// Which nodes clients connect to: their addresses, tried in turn; the nth client begins with the nth.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Of those who publish.
    pub publishers: Vec<String>,
    /// Of those who subscribe.
    pub subscribers: Vec<String>,
}

impl Load {
    /// Starts the subscribers and, when all are live, the publishers.
    ///
    /// # Panics
    /// Where the subscribers do not become live.
    pub async fn start(shape: Shape, reach: Reach) -> Self {
        let mut load = Self::listening(shape, reach).await;
        load.publish(0..shape.publishers);
        load
    }

    /// Starts the subscribers, and waits until all are live.
    ///
    /// # Panics
    /// Where they do not become live.
    pub async fn listening(shape: Shape, reach: Reach) -> Self {
        let sights = shape.sights();
        let book = Arc::new(Book::new(&shape.lanes(), &sights));
        let (publishers, subscribers, clocks) = Default::default();
        let mut load = Self { book: Arc::clone(&book), shape, reach, publishers, subscribers, clocks };
        for subscriber in 0..shape.subscribers {
            let client = load.client(&load.reach.subscribers.clone(), subscriber);
            let mut looking = Vec::new();
            for (sight, (channel_number, _)) in
                sights.iter().enumerate().filter(|(_, (_, who))| *who == subscriber)
            {
                let subscription =
                    client.subscribe(&channel(*channel_number), SubscribeOptions::default()).await;
                let subscription = subscription.expect("an open client");
                looking.push(tokio::spawn(look(subscription, sight, Arc::clone(&book))));
            }
            load.subscribers.push((client, looking));
        }
        let live = async {
            while !book.all_live() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, live).await.expect("all subscriptions are live");
        load
    }

    /// Starts some of the publishers.
    pub fn publish(&mut self, publishers: Range<u16>) {
        let lanes = self.shape.lanes();
        let pace = Duration::from_secs_f64(f64::from(self.shape.publishers) / self.shape.rate);
        for publisher in publishers {
            let client = self.client(&self.reach.publishers.clone(), publisher);
            let own = lanes.iter().enumerate().filter(|(_, (_, who))| *who == publisher);
            let own: Vec<_> = own.map(|(lane, &(channel, _))| (lane, channel)).collect();
            let stop = Arc::<AtomicBool>::default();
            let task = publish(client.clone(), publisher, own, pace, stop.clone(), Arc::clone(&self.book));
            self.publishers.push(Publisher { client, stop, task: Some(tokio::spawn(task)) });
        }
    }

    fn client(&mut self, urls: &[String], nth: u16) -> Client {
        let mut urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let first = usize::from(nth) % urls.len();
        urls.rotate_left(first);
        let mut options = ClientOptions::with_nodes(&urls).expect("addresses");
        options.events = 1 << 18;
        self.clocks.push(options.clock_ahead());
        Client::connect(options)
    }

    /// What is written.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Sets all clients' clocks ahead.
    pub fn jump_clocks(&self, by: Duration) {
        for clock in &self.clocks {
            clock.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
        }
    }

    /// Nothing more is published; waits for the answers, not for ever.
    pub async fn stop_publishing(&mut self) {
        for publisher in &self.publishers {
            publisher.stop.store(true, Ordering::Relaxed);
        }
        for task in self.publishers.iter_mut().filter_map(|publisher| publisher.task.take()) {
            // What has no answer then is in doubt, and judged so.
            let _ = timeout(PATIENCE, task).await;
        }
    }

    /// The publishers are gone, with what they kept.
    pub async fn close_publishers(&mut self) {
        self.stop_publishing().await;
        for publisher in self.publishers.drain(..) {
            publisher.client.close().await;
        }
    }

    /// Everything ends.
    pub async fn end(mut self) {
        self.close_publishers().await;
        for (client, looking) in self.subscribers.drain(..) {
            looking.iter().for_each(JoinHandle::abort);
            client.close().await;
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

/// The name of the nth channel.
pub(super) fn channel(nth: u16) -> ChannelName {
    format!("test:chaos-{nth}").parse().expect("a name")
}

async fn publish(
    client: Client,
    publisher: u16,
    lanes: Vec<(usize, u16)>,
    pace: Duration,
    stop: Arc<AtomicBool>,
    book: Arc<Book>,
) {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut receipts = FuturesUnordered::new();
    let mut turn = lanes.iter().cycle();
    while !stop.load(Ordering::Relaxed) {
        tokio::select! {
            _ = ticks.tick() => {
                let Some(&(lane, channel_number)) = turn.next() else { return };
                let number = book.sends(lane);
                let mark = Mark { channel: channel_number, publisher, number };
                let Ok(receipt) = client.publish_later(&channel(channel_number), mark.payload()).await else {
                    return book.answered(lane, number, Outcome::Refused);
                };
                receipts.push(async move { (lane, number, receipt.await) });
            }
            Some((lane, number, answer)) = receipts.next() => {
                book.answered(lane, number, outcome(&answer));
            }
        }
    }
    while let Some((lane, number, answer)) = receipts.next().await {
        book.answered(lane, number, outcome(&answer));
    }
}

fn outcome<T>(answer: &Result<T, PublishError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Accepted,
        Err(PublishError::Refused(_)) => Outcome::Refused,
        Err(PublishError::InDoubt(_) | PublishError::Closed(_)) => Outcome::InDoubt,
    }
}

async fn look(mut subscription: Subscription, sight: usize, book: Arc<Book>) {
    while let Some(event) = subscription.next_event().await {
        match event {
            SubscriptionEvent::Subscribed { recovered, .. } => book.sees(sight, Seen::Live { recovered }),
            SubscriptionEvent::Publications { publications, .. } => {
                for publication in publications {
                    book.sees(
                        sight,
                        match Mark::read(&publication.payload) {
                            Some(mark) => {
                                Seen::Got { mark, position: publication.position, id: publication.id }
                            }
                            None => Seen::Nonsense,
                        },
                    );
                }
            }
            SubscriptionEvent::Ephemeral { .. } => book.sees(sight, Seen::Nonsense),
            SubscriptionEvent::Gap(Gap::Reset(reason)) => book.sees(sight, Seen::Reset(reason)),
            SubscriptionEvent::Gap(Gap::Missing { count, before }) => {
                book.sees(sight, Seen::Missing { count, before });
            }
            SubscriptionEvent::Overflow { .. }
            | SubscriptionEvent::Unsubscribed(_)
            | SubscriptionEvent::Refused(_) => book.sees(sight, Seen::Ended),
        }
    }
    book.sees(sight, Seen::Ended);
}
