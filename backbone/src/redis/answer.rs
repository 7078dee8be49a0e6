use std::collections::VecDeque;

use bytes::Bytes;
use redis::Value;

use super::message::{self, Message};
use crate::{Answer, Entry, Run};

/// Reads what the read script answers, the tip and the entries, and how many gaps are in it; `None` where it is no
/// such answer.
///
/// An entry that cannot be read, or does not follow from the one before it, ends what was before: the run begins
/// after it, as if the log had been trimmed there. So whoever needs what is lost is told.
pub(super) fn read(reply: Value, limit: usize) -> Option<(Answer, u64)> {
    let Value::Array(values) = reply else { return None };
    let mut messages = values.into_iter().map(|value| match value {
        Value::BulkString(bytes) => Some(Bytes::from(bytes)),
        _ => None,
    });
    let tip = message::position(&mut messages.next()??)?;
    let mut gaps = 0;
    let mut base = None;
    let mut entries = VecDeque::<Entry>::new();
    for message in messages {
        let Some(Message::Entry { before, entry }) = Message::decode(message?) else {
            (base, gaps) = (None, gaps + 1);
            entries.clear();
            continue;
        };
        if entries.back().is_some_and(|last| last.position != before) {
            (base, gaps) = (None, gaps + 1);
            entries.clear();
        }
        base.get_or_insert(before);
        entries.push_back(entry);
    }
    entries.truncate(limit);
    Some((Answer { run: Run { base: base.unwrap_or(tip), entries }, tip }, gaps))
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use tidewire_protocol::{Position, Tag};

    use super::*;

    #[test]
    fn entries_that_follow_from_each_other_are_one_run() {
        assert_eq!(offsets(&[entry(4), entry(5)]), (3, vec![4, 5], 0));
    }

    #[test]
    fn what_cannot_be_read_ends_what_was_before_it() {
        assert_eq!(offsets(&[entry(4), b"?".to_vec(), entry(6), entry(7)]), (5, vec![6, 7], 1));
        assert_eq!(offsets(&[entry(4), b"?".to_vec()]), (9, vec![], 1));
        assert_eq!(offsets(&[b"?".to_vec(), Vec::new(), entry(6)]), (5, vec![6], 2));
    }

    #[test]
    fn an_entry_that_is_missing_ends_what_was_before_it() {
        assert_eq!(offsets(&[entry(4), entry(6)]), (5, vec![6], 1));
    }

    /// The base's offset, those of the entries, and the gaps.
    fn offsets(entries: &[Vec<u8>]) -> (u64, Vec<u64>, u64) {
        let mut tip = Vec::new();
        tip.put_u64(9);
        tip.put_slice(b"00000009");
        let values = std::iter::once(tip).chain(entries.iter().cloned()).map(Value::BulkString);
        let (answer, gaps) = read(Value::Array(values.collect()), 100).unwrap();
        assert_eq!(answer.tip, Position { offset: 9, tag: Tag(9) });
        (answer.run.base.offset, answer.run.entries.iter().map(|entry| entry.position.offset).collect(), gaps)
    }

    /// An entry whose tag is its offset.
    fn entry(offset: u64) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.put_u64(offset);
        bytes.put_slice(format!("{offset:08x}{:08x}", offset - 1).as_bytes());
        for number in [0, 0, 7, 1_u64] {
            bytes.put_u64(number);
        }
        bytes.put_slice(&[0, 0xff, 0xff, b'1']);
        bytes
    }
}
