use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, OwnedPermit, Sender};

use crate::{Arrival, Arrivals, Interrupted};

/// The backbone's end of a node's [`Arrivals`]: bounded, never waits, and never drops in silence.
///
/// One place in the queue is kept for the word that something was dropped. While that place is taken, the word
/// is the last in the queue: the node reads it after everything that was dropped had been written to the log.
pub(crate) struct Outlet {
    queue: Mutex<Queue>,
}

/// Whether the node still takes arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It was queued, or its loss is announced.
    Done,
    /// The node has dropped its arrivals.
    NobodyThere,
}

struct Queue {
    sender: Sender<Arrival>,
    /// The place for the word of a loss; `None` while that word is the queue's last.
    spare: Option<OwnedPermit<Arrival>>,
}

impl Outlet {
    /// A queue of so many arrivals, at least one.
    pub(crate) fn new(capacity: usize) -> (Self, Arrivals) {
        let (sender, arrivals) = mpsc::channel(capacity.max(1) + 1);
        let spare = sender.clone().try_reserve_owned().ok();
        (Self { queue: Mutex::new(Queue { sender, spare }) }, arrivals)
    }

    /// Queues an arrival; where there is no room, the word that something is missing.
    pub(crate) fn deliver(&self, arrival: Arrival) -> Delivery {
        let mut queue = self.queue();
        if queue.spare.is_none() {
            match queue.sender.clone().try_reserve_owned() {
                Ok(permit) => queue.spare = Some(permit),
                Err(TrySendError::Full(_)) => return Delivery::Done,
                Err(TrySendError::Closed(_)) => return Delivery::NobodyThere,
            }
        }
        match queue.sender.try_send(arrival) {
            Ok(()) => Delivery::Done,
            Err(TrySendError::Full(_)) => {
                queue.announce_loss();
                Delivery::Done
            }
            Err(TrySendError::Closed(_)) => Delivery::NobodyThere,
        }
    }

    /// Whether the node has dropped its arrivals.
    pub(crate) fn is_closed(&self) -> bool {
        self.queue().sender.is_closed()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn announce_loss(&mut self) {
        if let Some(permit) = self.spare.take() {
            tracing::debug!("the arrivals overflowed");
            permit.send(Arrival::Interrupted(Interrupted::All));
        }
    }
}

#[cfg(test)]
mod tests {
    use tidewire_protocol::{Position, Tag};

    use super::*;

    #[test]
    fn what_does_not_fit_is_announced_right_where_it_is_missing() {
        let (outlet, mut arrivals) = Outlet::new(2);
        for offset in 1..=5 {
            outlet.deliver(news(offset));
        }
        assert_eq!(drained(&mut arrivals), [news(1), news(2), loss()]);
    }

    #[test]
    fn after_a_loss_was_read_arrivals_flow_and_a_second_loss_is_announced_too() {
        let (outlet, mut arrivals) = Outlet::new(1);
        outlet.deliver(news(1));
        outlet.deliver(news(2));
        assert_eq!(drained(&mut arrivals), [news(1), loss()]);
        outlet.deliver(news(3));
        outlet.deliver(news(4));
        assert_eq!(drained(&mut arrivals), [news(3), loss()]);
    }

    #[test]
    fn a_loss_behind_an_unread_word_of_loss_needs_no_word_of_its_own() {
        let (outlet, mut arrivals) = Outlet::new(1);
        outlet.deliver(news(1));
        outlet.deliver(news(2));
        outlet.deliver(news(3));
        assert_eq!(drained(&mut arrivals), [news(1), loss()]);
    }

    #[test]
    fn it_tells_when_nobody_is_there() {
        let (outlet, arrivals) = Outlet::new(1);
        drop(arrivals);
        assert_eq!(outlet.deliver(news(1)), Delivery::NobodyThere);
    }

    fn news(offset: u64) -> Arrival {
        Arrival::Announced("news:today".parse().unwrap(), Position { offset, tag: Tag(0) })
    }

    fn loss() -> Arrival {
        Arrival::Interrupted(Interrupted::All)
    }

    fn drained(arrivals: &mut Arrivals) -> Vec<Arrival> {
        std::iter::from_fn(|| arrivals.try_recv().ok()).collect()
    }
}
