use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::Closing;
use crate::channel::Channel;

/// What waits for one connection's socket: encoded frames, bounded in bytes.
///
/// Overflow policy: a delivery that has no room is not taken, and its subscription catches up from the log once
/// the socket has drained. Answers always have room; who reads no answers is no longer heard.
pub(crate) struct Outbox {
    limit: usize,
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    bytes: usize,
    lagging: Vec<Arc<Channel>>,
    closing: Option<Box<Closing>>,
}

/// Whether a delivery was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It will be sent.
    Queued,
    /// There was no room.
    Full,
}

/// What the connection's task does next.
pub(crate) enum Outgoing {
    /// Write these frames, as one message.
    Frames(VecDeque<Bytes>),
    /// All is written: these subscriptions have fallen behind, go on with them.
    CatchUp(Vec<Arc<Channel>>),
    /// All is written: end the connection.
    Close(Box<Closing>),
}

impl Outbox {
    /// An outbox that takes deliveries while it holds less than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), waker: AtomicWaker::new() }
    }

    /// Takes a delivery if there is room: at most the limit and one frame.
    pub(crate) fn offer(&self, frame: &Bytes) -> Offered {
        let mut state = self.state.lock();
        if state.bytes >= self.limit {
            return Offered::Full;
        }
        state.push(frame.clone());
        drop(state);
        self.waker.wake();
        Offered::Queued
    }

    /// Takes an answer.
    pub(crate) fn push(&self, frame: Bytes) {
        self.state.lock().push(frame);
        self.waker.wake();
    }

    /// Remembers a channel whose subscription has fallen behind, until the socket has drained.
    pub(crate) fn lag(&self, channel: Arc<Channel>) {
        let mut state = self.state.lock();
        if state.lagging.iter().any(|known| Arc::ptr_eq(known, &channel)) {
            return;
        }
        state.lagging.push(channel);
        drop(state);
        self.waker.wake();
    }

    /// Ends the connection after what is queued; the first reason stands.
    pub(crate) fn close(&self, closing: Closing) {
        self.state.lock().closing.get_or_insert_with(|| Box::new(closing));
        self.waker.wake();
    }

    /// Whether so much waits that the connection should not be asked for more answers.
    pub(crate) fn is_choked(&self) -> bool {
        self.state.lock().bytes >= 2 * self.limit
    }

    /// Whether the connection is to end, whatever else waits.
    pub(crate) fn poll_closing(&self, cx: &mut Context<'_>) -> Poll<Box<Closing>> {
        self.waker.register(cx.waker());
        self.state.lock().closing.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes frames without waiting, until there are none.
    pub(crate) fn drain(&self, bytes: usize) -> Option<VecDeque<Bytes>> {
        let mut state = self.state.lock();
        (!state.frames.is_empty()).then(|| state.take_frames(bytes))
    }

    /// Takes the next thing to do: about `bytes` of frames, at least one frame.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, bytes: usize) -> Poll<Outgoing> {
        if let Some(outgoing) = self.state.lock().take(bytes) {
            return Poll::Ready(outgoing);
        }
        self.waker.register(cx.waker());
        match self.state.lock().take(bytes) {
            Some(outgoing) => Poll::Ready(outgoing),
            None => Poll::Pending,
        }
    }
}

impl State {
    fn push(&mut self, frame: Bytes) {
        // A frame that could not be encoded is empty; there is nothing to send.
        if !frame.is_empty() {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    fn take(&mut self, bytes: usize) -> Option<Outgoing> {
        if !self.frames.is_empty() {
            return Some(Outgoing::Frames(self.take_frames(bytes)));
        }
        if let Some(closing) = self.closing.take() {
            return Some(Outgoing::Close(closing));
        }
        (!self.lagging.is_empty()).then(|| Outgoing::CatchUp(std::mem::take(&mut self.lagging)))
    }

    /// Leaves no buffer behind when it takes all: most connections are idle most of the time.
    fn take_frames(&mut self, bytes: usize) -> VecDeque<Bytes> {
        if self.bytes <= bytes {
            self.bytes = 0;
            return std::mem::take(&mut self.frames);
        }
        let (mut taken, mut size) = (VecDeque::new(), 0);
        while let Some(frame) =
            self.frames.pop_front_if(|frame| taken.is_empty() || size + frame.len() <= bytes)
        {
            size += frame.len();
            taken.push_back(frame);
        }
        self.bytes -= size;
        taken
    }
}
