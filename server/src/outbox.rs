mod frames;
mod taking;

use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tidewire_protocol::Codec;

use crate::Closing;
use crate::channel::Channel;
use crate::socket::WriteHalf;
use frames::Frames;

/// What waits for one connection's socket: encoded frames, bounded in bytes; and the half of the socket that is
/// written.
///
/// What is queued in a [`Batch`](crate::batch::Batch) is written by who queued it, as far as the socket takes it;
/// everything else by the connection's task.
///
/// Overflow policy: a delivery that has no room is not taken, and its subscription catches up from the log once
/// the socket has drained. Answers always have room; who reads no answers is no longer heard.
///
/// In the order that is written here, what each delivery touches first and together: most connections are in no
/// cache when their turn comes, and each piece of one that is fetched costs as much as all the rest of a delivery.
#[repr(C)]
pub(crate) struct Outbox {
    limit: usize,
    codec: Codec,
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[repr(C)]
struct State {
    /// Somebody is about to write what is queued.
    is_batched: bool,
    /// The close frame stands at the end of `unwritten`.
    is_over: bool,
    bytes: usize,
    frames: Frames,
    /// `None` where the connection has ended.
    socket: Option<WriteHalf>,
    /// How much of `unwritten` is written.
    written: usize,
    /// The WebSocket message that is being written, or what the WebSocket answers by itself.
    unwritten: Vec<u8>,
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
pub(crate) enum Next {
    /// Nothing: all is written, or the socket takes no more.
    Wait,
    /// All is written: these subscriptions have fallen behind, go on with them.
    CatchUp(Vec<Arc<Channel>>),
    /// End the connection: all is written, or the peer does not read.
    Close(Box<Closing>),
}

impl Outbox {
    /// An outbox that takes deliveries while it holds less than `limit` bytes.
    pub(crate) fn new(limit: usize, codec: Codec, socket: WriteHalf) -> Self {
        let state = State {
            is_batched: false,
            is_over: false,
            bytes: 0,
            frames: Frames::default(),
            socket: Some(socket),
            written: 0,
            unwritten: Vec::new(),
            lagging: Vec::new(),
            closing: None,
        };
        Self { limit, codec, state: Mutex::new(state), waker: AtomicWaker::new() }
    }

    /// How the connection's frames are encoded.
    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Takes a delivery if there is room: at most the limit and one frame.
    pub(crate) fn offer(&self, frame: &Bytes) -> Offered {
        let offered = self.state.lock().offer(frame, self.limit);
        if offered == Offered::Queued {
            self.waker.wake();
        }
        offered
    }

    /// The same, where the caller sees to it that it is written; `true`: nobody else does yet, or only later, and a
    /// whole message waits now.
    pub(crate) fn offer_batched(&self, frame: &Bytes) -> (Offered, bool) {
        let mut state = self.state.lock();
        let before = state.bytes;
        match state.offer(frame, self.limit) {
            Offered::Queued => {
                let is_first = !std::mem::replace(&mut state.is_batched, true);
                let ripens = before < MESSAGE_BYTES && state.bytes >= MESSAGE_BYTES;
                (Offered::Queued, is_first || ripens)
            }
            Offered::Full => (Offered::Full, false),
        }
    }

    /// Takes an answer.
    pub(crate) fn push(&self, frame: Bytes) {
        self.state.lock().push(frame);
        self.waker.wake();
    }

    /// Takes bytes that the WebSocket itself answers, a whole frame.
    pub(crate) fn answer(&self, bytes: &[u8]) {
        let mut state = self.state.lock();
        if !state.is_over {
            state.unwritten.extend_from_slice(bytes);
        }
        drop(state);
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
        self.state.lock().waiting() >= 2 * self.limit
    }

    /// Whether there is something to write.
    pub(crate) fn holds_any(&self) -> bool {
        let state = self.state.lock();
        !state.frames.is_empty() || !state.unwritten.is_empty()
    }

    /// Whether a whole message waits.
    pub(crate) fn is_ripe(&self) -> bool {
        self.state.lock().bytes >= MESSAGE_BYTES
    }

    /// From now on the connection's task is woken when there is something for it to do.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Writes what was queued in a batch, from any task; what the socket does not take is left to the connection's.
    pub(crate) fn flush(&self) {
        let mut state = self.state.lock();
        state.is_batched = false;
        let written = state.write(self.codec, |socket, bytes| socket.try_write(bytes));
        let is_done = matches!(written, Poll::Ready(Ok(())));
        if !is_done || state.closing.is_some() || !state.lagging.is_empty() {
            drop(state);
            self.waker.wake();
        }
    }

    /// Leaves what was queued in a batch to the connection's task.
    pub(crate) fn hand_over(&self) {
        self.state.lock().is_batched = false;
        self.waker.wake();
    }

    /// Writes what is queued, as far as the socket takes it, and says what to do next.
    pub(crate) fn advance(&self, cx: &mut Context<'_>) -> io::Result<Next> {
        let mut state = self.state.lock();
        let is_done = state.poll_write(self.codec, cx)?.is_ready();
        if let Some(closing) = state.closing.take() {
            // A peer that does not read must not keep its connection from being ended.
            return Ok(Next::Close(closing));
        }
        match is_done && !state.lagging.is_empty() {
            true => Ok(Next::CatchUp(std::mem::take(&mut state.lagging))),
            false => Ok(Next::Wait),
        }
    }

    /// Puts a close frame after all that is queued; nothing comes after it, no other close frame either.
    pub(crate) fn end(&self, close: &[u8]) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        // Over a shared socket what is queued leaves by itself.
        while !state.is_shared() && state.compose(self.codec) {}
        state.unwritten.extend_from_slice(close);
        state.is_over = true;
    }

    /// Writes what is left.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state.lock().poll_write(self.codec, cx)
    }

    /// Lets go of the socket.
    pub(crate) fn shut(&self) {
        let mut state = self.state.lock();
        (state.socket, state.frames, state.unwritten) = (None, Frames::default(), Vec::new());
        state.is_over = true;
    }
}

impl State {
    /// Bytes that wait.
    fn waiting(&self) -> usize {
        self.bytes + self.unwritten.len()
    }

    fn is_shared(&self) -> bool {
        matches!(self.socket, Some(WriteHalf::Shared))
    }

    fn offer(&mut self, frame: &Bytes, limit: usize) -> Offered {
        if self.bytes >= limit {
            return Offered::Full;
        }
        self.push(frame.clone());
        Offered::Queued
    }

    fn push(&mut self, frame: Bytes) {
        // A frame that could not be encoded is empty; there is nothing to send.
        if !frame.is_empty() && !self.is_over {
            self.bytes += frame.len();
            self.frames.push(frame);
        }
    }

    fn poll_write(&mut self, codec: Codec, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = self.write(codec, |socket, bytes| socket.poll_write(cx, bytes))?;
        match (&mut self.socket, written) {
            (Some(socket), Poll::Ready(())) => socket.poll_flush(cx),
            (_, written) => written.map(Ok),
        }
    }

    /// Writes until all is written or the socket takes no more: one call for each message, however many frames it
    /// holds.
    fn write(
        &mut self,
        codec: Codec,
        mut write: impl FnMut(&mut WriteHalf, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        if self.is_shared() {
            let is_taken = self.frames.is_empty() && self.unwritten.is_empty();
            return if is_taken { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        while self.written < self.unwritten.len() || self.compose(codec) {
            let Some(socket) = &mut self.socket else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            match write(socket, &self.unwritten[self.written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.unwritten.shrink_to_fit();
                    return Poll::Pending;
                }
            }
            if self.written == self.unwritten.len() {
                give_back(std::mem::take(&mut self.unwritten));
                self.written = 0;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Joins what is queued, about [`MESSAGE_BYTES`] of it, to one message at the end of what is unwritten. `false`:
    /// nothing is queued.
    fn compose(&mut self, codec: Codec) -> bool {
        let (count, size) = self.frames.within(MESSAGE_BYTES);
        if count == 0 {
            return false;
        }
        self.begin(codec, size);
        let unwritten = &mut self.unwritten;
        self.frames.take(count, |frame| unwritten.extend_from_slice(&frame));
        self.bytes -= size;
        true
    }

    /// Begins a message of so many bytes at the end of what is unwritten.
    fn begin(&mut self, codec: Codec, size: usize) -> &mut Vec<u8> {
        if self.unwritten.capacity() == 0 {
            self.unwritten = SPARE.take();
        }
        put_header(&mut self.unwritten, codec, size);
        &mut self.unwritten
    }
}

/// The header of a server's message in one piece (RFC 6455, 5.2).
fn put_header(bytes: &mut Vec<u8>, codec: Codec, length: usize) {
    let opcode = match codec {
        Codec::Json => 1,
        Codec::Binary => 2,
    };
    bytes.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=125), _) => bytes.push(length),
        (_, Ok(length)) => {
            bytes.push(126);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
        (_, Err(_)) => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Keeps a buffer for the next message that this thread writes.
fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= 4 * MESSAGE_BYTES {
        buffer.clear();
        SPARE.set(buffer);
    }
}

thread_local! {
    /// Connections own a buffer only while a message is half written.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Frames are joined to messages of about this size.
const MESSAGE_BYTES: usize = 16 << 10;
