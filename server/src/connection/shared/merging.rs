//! What is alike for several connections of a shared socket goes once.

use std::collections::VecDeque;

use bytes::Bytes;

use super::wire::{Kind, MOST_STREAMS};

/// What is still to be said to one stream, oldest first.
pub(super) struct Queue {
    stream: u32,
    items: VecDeque<Item>,
    bytes: usize,
}

#[derive(Clone)]
enum Item {
    Frame(Bytes),
    /// The rest of `closed`.
    Closed(Bytes),
}

/// One message for one or several streams.
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) streams: Vec<u32>,
    pub(super) parts: Vec<Bytes>,
}

impl Queue {
    /// Nothing, to the stream of this number.
    pub(super) fn of(stream: u32) -> Self {
        Self { stream, items: VecDeque::new(), bytes: 0 }
    }

    /// How many bytes there are.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.items.push_back(Item::Frame(frame));
    }

    /// Ends it with the rest of `closed`, unless it has an end already.
    pub(super) fn end(&mut self, closed: Bytes) {
        if !matches!(self.items.back(), Some(Item::Closed(_))) {
            self.items.push_back(Item::Closed(closed));
        }
    }

    fn pop(&mut self) {
        if let Some(Item::Frame(frame)) = self.items.pop_front() {
            self.bytes -= frame.len();
        }
        // Most are idle most of the time.
        if self.items.is_empty() {
            self.items = VecDeque::new();
        }
    }

    fn begins_with(&self, item: &Item) -> bool {
        self.items.front().is_some_and(|first| first == item)
    }

    /// Whether it comes to this soon. Only what was encoded once for several is looked for.
    fn comes_to(&self, item: &Item) -> bool {
        self.items.iter().skip(1).take(AHEAD).any(|later| later.is(item))
    }
}

impl Item {
    fn bytes(&self) -> &Bytes {
        match self {
            Self::Frame(bytes) | Self::Closed(bytes) => bytes,
        }
    }

    /// Whether it is the same in the same place in memory.
    fn is(&self, other: &Self) -> bool {
        let (these, those) = (self.bytes(), other.bytes());
        these.as_ptr() == those.as_ptr() && these.len() == those.len()
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        let same_kind =
            matches!((self, other), (Self::Frame(_), Self::Frame(_)) | (Self::Closed(_), Self::Closed(_)));
        same_kind && (self.is(other) || self.bytes() == other.bytes())
    }
}

/// Takes the next message, of about `most` bytes: what several queues begin with goes to all of them. Each queue has its
/// turn, beginning at `turn`.
pub(super) fn next(queues: &mut [&mut Queue], turn: &mut usize, most: usize) -> Option<Message> {
    let lead = lead(queues, *turn)?;
    *turn = lead + 1;
    let first = queues[lead].items.front()?.clone();
    let members: Vec<usize> = std::iter::once(lead)
        .chain((0..queues.len()).filter(|&index| index != lead && queues[index].begins_with(&first)))
        .take(MOST_STREAMS)
        .collect();
    let mut is_member = vec![false; queues.len()];
    members.iter().for_each(|&member| is_member[member] = true);
    let streams = members.iter().map(|&member| queues[member].stream).collect();
    let kind = match first {
        Item::Frame(_) => Kind::Message,
        Item::Closed(_) => Kind::Closed,
    };
    let mut size = first.bytes().len();
    let mut parts = vec![first.bytes().clone()];
    members.iter().for_each(|&member| queues[member].pop());
    while let Some(item) = follows(queues, &members, &is_member) {
        size += item.bytes().len();
        if size > most {
            break;
        }
        parts.push(item.bytes().clone());
        members.iter().for_each(|&member| queues[member].pop());
    }
    Some(Message { kind, streams, parts })
}

/// Whose turn it is: the first with something that no other comes to soon, with whom it could go together.
fn lead(queues: &[&mut Queue], turn: usize) -> Option<usize> {
    let count = queues.len();
    let in_turn = || {
        let all = (0..count).map(|step| (turn + step) % count);
        all.filter_map(|index| queues[index].items.front().map(|first| (index, first)))
    };
    let free = in_turn().find(|(_, first)| !queues.iter().any(|queue| queue.comes_to(first)));
    free.or_else(|| in_turn().next()).map(|(index, _)| index)
}

/// A frame that all of these go on with, and no other begins with or comes to.
fn follows(queues: &[&mut Queue], members: &[usize], is_member: &[bool]) -> Option<Item> {
    let (&lead, others) = members.split_first()?;
    let item = queues[lead].items.front().filter(|item| matches!(item, Item::Frame(_)))?;
    let shared = others.iter().all(|&member| queues[member].begins_with(item));
    let awaited = || {
        let mut outside = queues.iter().zip(is_member).filter(|(_, is_member)| !**is_member);
        outside.any(|(queue, _)| queue.begins_with(item) || queue.comes_to(item))
    };
    (shared && !awaited()).then(|| item.clone())
}

/// How far queues are looked through for what could go together.
const AHEAD: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_goes_once_and_the_rest_by_itself() {
        assert_eq!(sent(&["p", "p", "p"]), ["012:p"]);
        assert_eq!(sent(&["pq", "pq"]), ["01:pq"]);
        assert_eq!(sent(&["a", "b"]), ["0:a", "1:b"]);
        assert_eq!(sent(&["", "p"]), ["1:p"]);
    }

    #[test]
    fn what_only_one_gets_goes_before_what_it_shares() {
        assert_eq!(sent(&["p", "ap"]), ["1:a", "01:p"]);
        assert_eq!(sent(&["ap", "p", "bp"]), ["0:a", "2:b", "012:p"]);
        assert_eq!(sent(&["pa", "p"]), ["01:p", "0:a"]);
        assert_eq!(sent(&["apq", "pq", "q"]), ["0:a", "01:p", "012:q"]);
    }

    #[test]
    fn queues_that_wait_for_each_other_get_on() {
        assert_eq!(sent(&["pq", "qp"]).concat().matches('p').count(), 2);
    }

    #[test]
    fn each_has_its_turn_however_much_another_has() {
        let long = "abcdefghijklmnopqrstuvwxy";
        assert_eq!(sent(&[long, "z"])[1], "1:z");
    }

    #[test]
    fn a_message_ends_where_it_is_long_enough_or_its_streams_end() {
        let lines = sent(&["aaaaaaaaaaaaaaaaaaaaa"]);
        assert_eq!(lines, [format!("0:{}", "a".repeat(MOST)), format!("0:{}", "a".repeat(21 - MOST))]);
        assert_eq!(sent(&["p.", "p."]), ["01:p", "01:."]);
        assert_eq!(sent(&["p.", "p"]), ["01:p", "0:."]);
    }

    const MOST: usize = 16;

    /// What goes, as `streams:frames`, where each queue has a frame for each letter and ends with a dot.
    fn sent(queues: &[&str]) -> Vec<String> {
        let letters: Vec<Bytes> = (0..=u8::MAX).map(|letter| vec![letter].into()).collect();
        let filled = queues.iter().zip(0..).map(|(letters_of, stream)| {
            let mut queue = Queue::of(stream);
            for letter in letters_of.bytes() {
                let bytes = letters[usize::from(letter)].clone();
                if letter == b'.' { queue.end(bytes) } else { queue.push(bytes) }
            }
            queue
        });
        let mut filled: Vec<Queue> = filled.collect();
        let mut filled: Vec<&mut Queue> = filled.iter_mut().collect();
        let (mut lines, mut turn) = (Vec::new(), 0);
        while let Some(Message { kind, mut streams, parts }) = next(&mut filled, &mut turn, MOST) {
            assert_eq!(kind == Kind::Closed, parts[0] == ".");
            streams.sort_unstable();
            let streams: String = streams.iter().map(u32::to_string).collect();
            lines.push(format!("{streams}:{}", String::from_utf8(parts.concat()).expect("letters")));
        }
        assert!(filled.iter().all(|queue| queue.bytes() == 0));
        lines
    }
}
