//! Publishing, and counting what arrives: each publication to each subscriber, once.

use std::fmt::{self, Display, Formatter};
use std::iter::Sum;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use hdrhistogram::Histogram;

use crate::crowd::Crowd;
use crate::dialect::Role;
use crate::stamp::{self, Stamp};
use crate::system::Running;
use crate::usage;

/// Who subscribes to what, and who publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) subscribers: usize,
    pub(crate) channels: usize,
    pub(crate) nodes: usize,
    /// Bytes of a publication's payload.
    pub(crate) payload: usize,
}

/// How publications come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many are under way at any time; the next goes when all subscribers have one.
    InFlight(usize),
    /// So many each second, whatever becomes of them; latency counts from when one was due.
    PerSecond(u32),
}

/// What a run showed.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) deliveries: u64,
    pub(crate) elapsed: Duration,
    /// CPU time of all the system's processes.
    pub(crate) cpu: Duration,
    /// Of that, Redis'.
    pub(crate) redis_cpu: Duration,
    /// CPU time of the generator.
    pub(crate) own_cpu: Duration,
    /// Bytes that subscribers and publishers received.
    pub(crate) bytes: u64,
    /// Nanoseconds from when a publication was due to each delivery.
    pub(crate) latency: Histogram<u64>,
    pub(crate) wrong: Wrong,
}

/// What should have come once and did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Deliveries that have not come within [`PATIENCE`] of the last publication.
    pub(crate) missing: u64,
    /// Deliveries that came once more than they should.
    pub(crate) doubled: u64,
    /// Publications that were refused, and of which no delivery can come.
    pub(crate) refused: u64,
}

impl Sum for Wrong {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), |sum, next| Self {
            missing: sum.missing + next.missing,
            doubled: sum.doubled + next.doubled,
            refused: sum.refused + next.refused,
        })
    }
}

impl Display for Wrong {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self { missing, doubled, refused } = self;
        match *self == Self::default() {
            true => write!(to, "0"),
            false => write!(to, "{missing} missing, {doubled} doubled, {refused} refused"),
        }
    }
}

impl Load {
    /// Microseconds of the system's CPU for one delivery.
    pub(crate) fn cpu_per_delivery(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.deliveries.max(1) as f64
    }

    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.deliveries as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn bytes_per_delivery(&self) -> f64 {
        self.bytes as f64 / self.deliveries.max(1) as f64
    }

    /// Milliseconds within which this share of deliveries came.
    pub(crate) fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1e6
    }
}

/// A system under load: its subscribers are live, and one publisher for each node.
pub(crate) struct Stage {
    crowd: Crowd,
    shape: Shape,
    start: Instant,
    /// Each channel's subscribers.
    subscribers: Vec<u32>,
    /// The last seq of each publisher in each channel.
    seqs: Vec<u64>,
    next: u64,
}

impl Stage {
    /// Connects everybody. Of a channel with several subscribers some are at each node.
    pub(crate) fn set(running: &Running, shape: Shape) -> anyhow::Result<Self> {
        let mut crowd = running.crowd()?;
        crowd.join((0..shape.nodes).map(|node| Role { node, channel: None, number: node }), 16)?;
        let roles = (0..shape.subscribers).map(|nth| {
            let (channel, round) = (nth % shape.channels, nth / shape.channels);
            // Not by `nth`: an even number of channels would put all of a channel on one node.
            Role { node: (channel + round) % shape.nodes, channel: Some(channel), number: shape.nodes + nth }
        });
        crowd.join(roles, AT_ONCE)?;
        let mut subscribers = vec![0; shape.channels];
        for nth in 0..shape.subscribers {
            subscribers[nth % shape.channels] += 1;
        }
        let seqs = vec![0; shape.channels * shape.nodes];
        Ok(Self { crowd, shape, start: Instant::now(), subscribers, seqs, next: 0 })
    }

    /// Publishes for a while, and measures after the first fifth of it.
    pub(crate) fn run(&mut self, running: &Running, pace: Pace, lasting: Duration) -> anyhow::Result<Load> {
        match pace {
            Pace::InFlight(window) => self.closed(running, window, lasting),
            Pace::PerSecond(rate) => self.open(running, rate, lasting),
        }
    }

    fn closed(&mut self, running: &Running, window: usize, lasting: Duration) -> anyhow::Result<Load> {
        let mut flight = Flight::new(window);
        for slot in 0..window {
            self.publish_in(&mut flight, slot, self.now());
        }
        self.flush();
        let warm = self.start.elapsed() + lasting / 5;
        let end = warm + lasting;
        let mut meter = None;
        let mut arrived = Vec::new();
        let mut last = Instant::now();
        loop {
            let elapsed = self.start.elapsed();
            if meter.is_none() && elapsed >= warm {
                meter = Some(Meter::start(running, &self.crowd)?);
                flight.reset();
            }
            if elapsed >= end {
                break;
            }
            let start = self.start;
            self.crowd.turn(Duration::from_millis(50), |_, stamp| {
                flight.arrived(stamp, start.elapsed().as_nanos() as u64, &mut arrived);
            })?;
            if !arrived.is_empty() {
                last = Instant::now();
            }
            let now = self.now();
            for slot in arrived.drain(..) {
                self.publish_in(&mut flight, slot, now);
            }
            self.flush();
            ensure!(
                last.elapsed() < PATIENCE,
                "nothing arrived for {PATIENCE:?}: a delivery is lost, or refused"
            );
            if self.crowd.lost() > 0 {
                bail!("{} connections were lost under load", self.crowd.lost());
            }
        }
        self.finish(running, meter, flight)
    }

    fn open(&mut self, running: &Running, rate: u32, lasting: Duration) -> anyhow::Result<Load> {
        let mut flight = Flight::new(rate as usize * 4);
        let gap = Duration::from_secs(1) / rate;
        let mut due = self.start.elapsed();
        let warm = due + lasting / 5;
        let end = warm + lasting;
        let mut meter = None;
        let mut free: Vec<usize> = (0..rate as usize * 4).collect();
        while self.start.elapsed() < end {
            if meter.is_none() && self.start.elapsed() >= warm {
                meter = Some(Meter::start(running, &self.crowd)?);
                flight.reset();
            }
            while due <= self.start.elapsed() {
                let Some(slot) = free.pop() else { bail!("so much is under way that it does not keep up") };
                self.publish_in(&mut flight, slot, due.as_nanos() as u64);
                due += gap;
            }
            self.flush();
            let wait = due.saturating_sub(self.start.elapsed());
            let start = self.start;
            self.crowd.turn(wait, |_, stamp| {
                flight.arrived(stamp, start.elapsed().as_nanos() as u64, &mut free);
            })?;
        }
        self.finish(running, meter, flight)
    }

    /// What was measured, when what is under way has come too.
    fn finish(
        &mut self,
        running: &Running,
        meter: Option<Meter>,
        mut flight: Flight,
    ) -> anyhow::Result<Load> {
        let Some(meter) = meter else { bail!("the run was too short to measure") };
        let mut load = meter.stop(running, &self.crowd, &flight)?;
        let until = Instant::now() + PATIENCE;
        let mut done = Vec::new();
        while !flight.is_empty() && Instant::now() < until {
            self.crowd.turn(Duration::from_millis(50), |_, stamp| {
                flight.arrived(stamp, stamp.nanos, &mut done);
            })?;
        }
        for slot in flight.slots.iter().filter(|slot| slot.remaining > 0).take(SHOWN) {
            let Slot { channel, seq, remaining, .. } = slot;
            println!(
                "  missing: {remaining} deliveries of the publication with seq {seq} in channel {channel}"
            );
        }
        for refusal in self.crowd.refusals().iter().take(SHOWN) {
            println!("  {refusal}");
        }
        load.wrong = Wrong {
            missing: flight.under_way(),
            doubled: flight.doubled,
            refused: self.crowd.refusals().len() as u64,
        };
        Ok(load)
    }

    fn publish_in(&mut self, flight: &mut Flight, slot: usize, nanos: u64) {
        let channel = self.next as usize % self.shape.channels;
        // Each channel's publications come through every node in turn.
        let publisher = (self.next as usize / self.shape.channels + channel) % self.shape.nodes;
        self.next += 1;
        let seq = &mut self.seqs[publisher * self.shape.channels + channel];
        *seq += 1;
        let number = flight.publish(slot, channel, *seq, self.subscribers[channel]);
        let payload = stamp::payload(Stamp { nanos, number }, self.shape.payload);
        self.crowd.publish(publisher, channel, *seq, &payload);
    }

    fn flush(&mut self) {
        for publisher in 0..self.shape.nodes {
            self.crowd.flush(publisher);
        }
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

/// Publications that are under way: which, and how often each must still arrive.
struct Flight {
    slots: Vec<Slot>,
    latency: Histogram<u64>,
    deliveries: u64,
    doubled: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    number: u32,
    channel: usize,
    seq: u64,
    remaining: u32,
}

impl Flight {
    fn new(window: usize) -> Self {
        let slots = (0..window).map(|slot| Slot { number: slot as u32, ..Slot::default() }).collect();
        Self { slots, latency: latencies(), deliveries: 0, doubled: 0 }
    }

    /// A new number, from which its slot can be told.
    fn publish(&mut self, slot: usize, channel: usize, seq: u64, subscribers: u32) -> u32 {
        let window = self.slots.len() as u32;
        let slot = &mut self.slots[slot];
        let number = slot.number.wrapping_add(window);
        *slot = Slot { number, channel, seq, remaining: subscribers };
        number
    }

    /// Notes a delivery; adds the slot to `done` where it was the last.
    fn arrived(&mut self, stamp: Stamp, now: u64, done: &mut Vec<usize>) {
        let nth = stamp.number as usize % self.slots.len();
        let slot = &mut self.slots[nth];
        if slot.number != stamp.number || slot.remaining == 0 {
            self.doubled += 1;
            return;
        }
        slot.remaining -= 1;
        self.deliveries += 1;
        // Longer than the histogram holds is its longest.
        self.latency.saturating_record(now.saturating_sub(stamp.nanos));
        if slot.remaining == 0 {
            done.push(nth);
        }
    }

    fn reset(&mut self) {
        self.latency.reset();
        self.deliveries = 0;
    }

    fn is_empty(&self) -> bool {
        self.under_way() == 0
    }

    fn under_way(&self) -> u64 {
        self.slots.iter().map(|slot| u64::from(slot.remaining)).sum()
    }
}

/// Counters at the beginning of what is measured.
struct Meter {
    start: Instant,
    cpu: Duration,
    redis_cpu: Duration,
    own_cpu: Duration,
    received: u64,
}

impl Meter {
    fn start(running: &Running, crowd: &Crowd) -> anyhow::Result<Self> {
        Ok(Self {
            start: Instant::now(),
            cpu: running.cpu()?,
            redis_cpu: running.redis_cpu()?,
            own_cpu: usage::cpu(&[std::process::id()])?,
            received: crowd.received(),
        })
    }

    fn stop(self, running: &Running, crowd: &Crowd, flight: &Flight) -> anyhow::Result<Load> {
        Ok(Load {
            deliveries: flight.deliveries,
            elapsed: self.start.elapsed(),
            cpu: running.cpu()?.saturating_sub(self.cpu),
            redis_cpu: running.redis_cpu()?.saturating_sub(self.redis_cpu),
            own_cpu: usage::cpu(&[std::process::id()])?.saturating_sub(self.own_cpu),
            bytes: crowd.received() - self.received,
            latency: flight.latency.clone(),
            wrong: Wrong::default(),
        })
    }
}

/// Nanoseconds up to a minute, to three digits.
fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3)
        .unwrap_or_else(|error| unreachable!("these bounds are valid: {error}"))
}

/// Connections that are being made at one time.
const AT_ONCE: usize = 256;
const PATIENCE: Duration = Duration::from_secs(10);
/// How many of what went wrong are told one by one.
const SHOWN: usize = 5;
