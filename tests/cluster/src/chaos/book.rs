use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Lane, Mark, Moment, Outcome, Seen, Sent, Sight};

/// Where publishers and subscribers write down what happens, as it happens.
pub struct Book {
    began: Instant,
    lanes: Vec<Mutex<Lane>>,
    sights: Vec<Mutex<Looking>>,
}

/// A subscription's record, and how far it has come.
struct Looking {
    sight: Sight,
    is_live: bool,
    /// By publisher: one more than the highest number seen.
    reached: Vec<u32>,
}

impl Book {
    /// An empty one, for these lanes (channel, publisher) and subscriptions (channel, subscriber).
    pub fn new(lanes: &[(u16, u16)], sights: &[(u16, u16)]) -> Self {
        let publishers = lanes.iter().map(|lane| usize::from(lane.1) + 1).max().unwrap_or(0);
        let lane = |&(channel, publisher): &_| Mutex::new(Lane { channel, publisher, sent: Vec::new() });
        let sight = |&(channel, subscriber): &_| {
            let sight = Sight { subscriber, channel, events: Vec::new() };
            Mutex::new(Looking { sight, is_live: false, reached: vec![0; publishers] })
        };
        let (lanes, sights) = (lanes.iter().map(lane).collect(), sights.iter().map(sight).collect());
        Self { began: Instant::now(), lanes, sights }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.began.elapsed().into()
    }

    /// An instant, as everything here is dated.
    pub fn moment(&self, at: Instant) -> Moment {
        at.saturating_duration_since(self.began).into()
    }

    /// A publication is about to be handed over; its number.
    pub fn sends(&self, lane: usize) -> u32 {
        let mut lane = locked(&self.lanes[lane]);
        lane.sent.push(Sent { at: self.now(), outcome: Outcome::Unanswered });
        lane.sent.len() as u32 - 1
    }

    /// It has its answer.
    pub fn answered(&self, lane: usize, number: u32, outcome: Outcome) {
        locked(&self.lanes[lane]).sent[number as usize].outcome = outcome;
    }

    /// A subscription told something.
    pub fn sees(&self, sight: usize, seen: Seen) {
        let at = self.now();
        let mut looking = locked(&self.sights[sight]);
        match seen {
            Seen::Live { .. } => looking.is_live = true,
            Seen::Got { mark, .. } => {
                if let Some(reached) = looking.reached.get_mut(usize::from(mark.publisher)) {
                    *reached = (*reached).max(mark.number + 1);
                }
            }
            Seen::Nonsense | Seen::Reset(_) | Seen::Missing { .. } | Seen::Ended => {}
        }
        looking.sight.events.push((at, seen));
    }

    /// How many publications there are.
    pub fn published(&self) -> usize {
        self.lanes.iter().map(|lane| locked(lane).sent.len()).sum()
    }

    /// Whether every subscription has been live.
    pub fn all_live(&self) -> bool {
        self.sights.iter().all(|sight| locked(sight).is_live)
    }

    /// What of that which was handed over by then has no answer yet, or has been accepted and has not come to
    /// everybody, as far as the newest of each lane shows.
    fn lacks(&self, then: Moment) -> Option<String> {
        for lane in &self.lanes {
            let (channel, publisher, newest) = {
                let lane = locked(lane);
                let until = lane.sent.partition_point(|sent| sent.at <= then);
                // Answers come nearly in order: the last few are enough.
                let first = until.saturating_sub(LOOK_BACK);
                let open = lane.sent[first..until].iter().filter(|sent| sent.outcome == Outcome::Unanswered);
                let open = open.count();
                if open > 0 {
                    let (channel, publisher) = (lane.channel, lane.publisher);
                    return Some(format!(
                        "{open} of publisher {publisher} in channel {channel} have no answer"
                    ));
                }
                let newest = lane.sent[..until].iter().rposition(|sent| sent.outcome == Outcome::Accepted);
                (lane.channel, lane.publisher, newest.map_or(0, |number| number as u32 + 1))
            };
            for looking in self.sights.iter().map(locked).filter(|looking| looking.sight.channel == channel) {
                let reached = looking.reached[usize::from(publisher)];
                if reached < newest {
                    let mark = Mark { channel, publisher, number: newest - 1 };
                    let subscriber = looking.sight.subscriber;
                    return Some(format!("subscriber {subscriber} has not got {mark}, but {reached}"));
                }
            }
        }
        None
    }

    /// Waits until everything is delivered that is older than this; says what is not in time.
    ///
    /// # Errors
    /// Something of what is not there.
    pub async fn whole_within(&self, patience: Duration, age: Duration) -> Result<(), String> {
        let until = Instant::now() + patience;
        loop {
            let then = Moment(self.now().0.saturating_sub(age.as_micros() as u64));
            match self.lacks(then) {
                Some(lacks) if Instant::now() > until => return Err(lacks),
                Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                None => return Ok(()),
            }
        }
    }

    /// What was written.
    pub fn read(&self) -> (Vec<Lane>, Vec<Sight>) {
        let lanes = self.lanes.iter().map(|lane| locked(lane).clone()).collect();
        let sights = self.sights.iter().map(|sight| locked(sight).sight.clone()).collect();
        (lanes, sights)
    }
}

/// So many publications of a lane are looked at for their answers.
const LOOK_BACK: usize = 4096;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
