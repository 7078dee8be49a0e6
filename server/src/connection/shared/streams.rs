use std::sync::Arc;

use bytes::Bytes;

use super::merging::{self, Message, Queue};
use super::pipe::Pipe;
use super::wire::{Kind, closed, closed_as};
use crate::Closing;
use crate::connection::Connection;

/// The connections of a shared socket, by the numbers that its client gave them.
#[derive(Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    /// Whose turn it is to be sent something.
    turn: usize,
}

struct Stream {
    number: u32,
    phase: Phase,
    connection: Arc<Connection>,
    queue: Queue,
}

enum Phase {
    /// Its client speaks through this.
    Open(Pipe),
    /// Its client has closed it; its task goes on with what it has read.
    Left,
    /// Its task has ended, and its client is to be told.
    Ended,
    /// Its client was told, and its task is to end.
    Told,
}

/// What became of a message.
pub(super) enum Passed {
    /// Its connection has it.
    Taken,
    /// Its connection has not read enough of what came before.
    Full(Bytes),
    /// There is no such connection.
    Nobody,
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn add(&mut self, number: u32, pipe: Pipe, connection: Arc<Connection>) {
        self.all.push(Stream { number, phase: Phase::Open(pipe), connection, queue: Queue::of(number) });
    }

    /// Passes a message on to its connection.
    pub(super) fn pass(&mut self, number: u32, message: Bytes) -> Passed {
        match self.find(number).map(|stream| &stream.phase) {
            Some(Phase::Open(pipe)) if pipe.has_room() => {
                pipe.put(&message);
                Passed::Taken
            }
            Some(Phase::Open(_)) => Passed::Full(message),
            Some(Phase::Left | Phase::Ended | Phase::Told) | None => Passed::Nobody,
        }
    }

    /// The client has closed a connection.
    pub(super) fn leave(&mut self, number: u32) {
        let Some(stream) = self.find(number) else { return };
        match stream.phase {
            Phase::Open(_) => stream.phase = Phase::Left,
            Phase::Ended => self.all.retain(|stream| stream.number != number),
            Phase::Left | Phase::Told => {}
        }
    }

    /// A connection's task has ended. Where it did not say why, as it failed or nobody took it, that is why.
    pub(super) fn end(&mut self, number: u32, why: &Closing) {
        let Some(stream) = self.find(number) else { return };
        match stream.phase {
            Phase::Open(_) => {
                stream.queue.end(closed(why));
                stream.phase = Phase::Ended;
            }
            Phase::Left | Phase::Told => self.all.retain(|stream| stream.number != number),
            Phase::Ended => {}
        }
    }

    /// What the connections have to say, about `most` bytes of it and as much in one message.
    pub(super) fn say(&mut self, most: usize) -> Vec<Message> {
        for stream in &mut self.all {
            stream.fill(most);
        }
        let (mut messages, mut size) = (Vec::new(), 0);
        let mut queues: Vec<&mut Queue> = self.all.iter_mut().map(|stream| &mut stream.queue).collect();
        while size < most
            && let Some(message) = merging::next(&mut queues, &mut self.turn, most)
        {
            size += message.parts.iter().map(Bytes::len).sum::<usize>();
            messages.push(message);
        }
        for message in messages.iter().filter(|message| message.kind == Kind::Closed) {
            message.streams.iter().for_each(|number| self.told(*number));
        }
        messages
    }

    fn told(&mut self, number: u32) {
        let Some(stream) = self.find(number) else { return };
        match stream.phase {
            Phase::Open(_) => stream.phase = Phase::Told,
            Phase::Ended => self.all.retain(|stream| stream.number != number),
            Phase::Left | Phase::Told => {}
        }
    }

    fn find(&mut self, number: u32) -> Option<&mut Stream> {
        self.all.iter_mut().find(|stream| stream.number == number)
    }
}

impl Stream {
    /// Takes what the connection has queued: it has at most twice `most` bytes here, and one frame.
    fn fill(&mut self, most: usize) {
        match self.phase {
            Phase::Open(_) if self.queue.bytes() < most => {
                let queue = &mut self.queue;
                if let Some(close) = self.connection.outbox.take(most, |frame| queue.push(frame)) {
                    self.queue.end(closed_as(&close));
                }
            }
            Phase::Left => {
                self.queue = Queue::of(self.number);
                self.connection.outbox.take(usize::MAX, drop);
            }
            Phase::Open(_) | Phase::Ended | Phase::Told => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tidewire_protocol::{CloseCode, Codec};

    use super::*;
    use crate::Credentials;
    use crate::clock::Clock;
    use crate::connection::ConnectionId;
    use crate::outbox::Outbox;
    use crate::socket::WriteHalf;

    const MOST: usize = 100;

    #[test]
    fn what_is_taken_from_an_outbox_before_it_is_said_is_bounded() {
        let (mut streams, connection) = one_stream();
        (0..1000).for_each(|_| connection.outbox.push(Bytes::from_static(&[7; 10])));
        let mut said = 0;
        while said < 10_000 {
            let messages = streams.say(MOST);
            said += messages.iter().flat_map(|message| &message.parts).map(Bytes::len).sum::<usize>();
            assert!(streams.all[0].queue.bytes() <= 2 * MOST, "{} bytes", streams.all[0].queue.bytes());
        }
        assert!(streams.say(MOST).is_empty());
        assert!(!connection.outbox.holds_any());
    }

    #[test]
    fn who_did_not_say_why_it_ended_is_said_to_have_ended_and_nobody_twice() {
        let (mut streams, _connection) = one_stream();
        streams.end(1, &Closing::new(CloseCode::Internal, "it failed"));
        let [message] = &streams.say(MOST)[..] else { panic!("one message") };
        assert_eq!((message.kind, &message.streams[..]), (Kind::Closed, &[1][..]));
        assert!(streams.is_empty() && streams.say(MOST).is_empty());
    }

    #[test]
    fn nothing_is_said_to_who_has_left_and_its_place_is_taken_until_its_task_has_ended() {
        let (mut streams, connection) = one_stream();
        connection.outbox.push(Bytes::from_static(b"answer"));
        streams.leave(1);
        assert!(streams.say(MOST).is_empty());
        assert_eq!((streams.len(), connection.outbox.holds_any()), (1, false));
        assert!(matches!(streams.pass(1, Bytes::new()), Passed::Nobody));
        streams.end(1, &Closing::new(CloseCode::Internal, "it failed"));
        assert!(streams.is_empty() && streams.say(MOST).is_empty());
    }

    fn one_stream() -> (Streams, Arc<Connection>) {
        let outbox = Outbox::new(MOST, Codec::Binary, WriteHalf::Shared);
        let (id, door) = (ConnectionId(1), Credentials::default());
        let connection = Arc::new(Connection::new(id, outbox, Clock::start(), door, None));
        let mut streams = Streams::default();
        streams.add(1, Pipe::new(MOST).0, connection.clone());
        (streams, connection)
    }
}
