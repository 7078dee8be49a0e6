use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use tidewire_protocol::{Payload, Position, Publication, UnsubscribeCode};
use tidewire_session::{Gap, Refusal, SubscriptionId};
use tokio::sync::mpsc;

use crate::driver::Request;

/// A subscription's events, in order. Dropping it ends the subscription; it ends by itself after
/// [`SubscriptionEvent::Unsubscribed`], [`SubscriptionEvent::Refused`], and when the client is closed.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) events: mpsc::Receiver<SubscriptionEvent>,
    pub(crate) dropped: Arc<AtomicU64>,
    pub(crate) driver: mpsc::WeakSender<Request>,
}

/// What a subscription tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionEvent {
    /// It is live, for the first time or again.
    Subscribed {
        /// The channel's newest position; absent in ephemeral namespaces.
        position: Option<Position>,
        /// How many missed publications follow at once; more may follow, marked as replayed.
        replayed: u32,
        /// It continues where it was, with nothing lost.
        recovered: bool,
    },
    /// Publications, in order, each once.
    Publications {
        /// The publications, oldest first.
        publications: Vec<Publication>,
        /// They were published before the subscription was live.
        replayed: bool,
    },
    /// A publication of an ephemeral namespace.
    Ephemeral {
        /// What the publisher sent.
        payload: Payload,
        /// The publisher's user, where its token named one.
        user: Option<String>,
    },
    /// Publications are missing before what follows.
    Gap(Gap),
    /// The application did not take the events fast enough, and so many of them were dropped before what follows.
    /// To have them, subscribe again with `since` the last position seen.
    Overflow {
        /// How many events.
        events: u64,
    },
    /// The server ended it.
    Unsubscribed(UnsubscribeCode),
    /// It cannot be.
    Refused(Refusal),
}

impl Subscription {
    /// The next event; `None` at the end.
    pub async fn next_event(&mut self) -> Option<SubscriptionEvent> {
        poll_fn(|context| self.poll_event(context)).await
    }
}

impl Subscription {
    /// What was dropped was dropped after everything that waits now.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<SubscriptionEvent>> {
        loop {
            let next = match self.events.poll_recv(context) {
                Poll::Ready(Some(event)) if event != NUDGE => return Poll::Ready(Some(event)),
                next @ (Poll::Ready(_) | Poll::Pending) => next,
            };
            match (self.dropped.swap(0, Ordering::Relaxed), next) {
                (0, Poll::Ready(Some(_))) => {}
                (0, Poll::Ready(None)) => return Poll::Ready(None),
                (0, Poll::Pending) => return Poll::Pending,
                (events, _) => return Poll::Ready(Some(SubscriptionEvent::Overflow { events })),
            }
        }
    }
}

/// Says only that something was dropped; how much stands elsewhere.
pub(crate) const NUDGE: SubscriptionEvent = SubscriptionEvent::Overflow { events: 0 };

impl Stream for Subscription {
    type Item = SubscriptionEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<SubscriptionEvent>> {
        self.poll_event(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Where the driver has no room for this now, it notices at the next event that nobody listens.
        if let Some(driver) = self.driver.upgrade() {
            let _ = driver.try_send(Request::Unsubscribe(self.id));
        }
    }
}
