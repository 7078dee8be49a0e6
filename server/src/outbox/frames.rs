use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;

/// Frames that wait for one socket, oldest first. One alone, as nearly always, needs no list.
#[derive(Default)]
pub(super) struct Frames {
    /// Empty where there is none.
    first: Bytes,
    more: VecDeque<Bytes>,
}

impl Frames {
    /// Adds a frame, which is not empty.
    pub(super) fn push(&mut self, frame: Bytes) {
        match self.is_empty() {
            true => self.first = frame,
            false => self.more.push_back(frame),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.more.is_empty()
    }

    /// How many of the oldest have together at most so many bytes, one at least, and how many bytes those are.
    pub(super) fn within(&self, most: usize) -> (usize, usize) {
        let (mut count, mut size) = (0, 0);
        for frame in self.iter() {
            if count > 0 && size + frame.len() > most {
                break;
            }
            (count, size) = (count + 1, size + frame.len());
        }
        (count, size)
    }

    /// Takes so many of the oldest. What is empty then keeps no memory: most connections are idle most of the time.
    pub(super) fn take(&mut self, count: usize, mut each: impl FnMut(Bytes)) {
        let first = mem::take(&mut self.first);
        let more = if first.is_empty() { count } else { count.saturating_sub(1) };
        if !first.is_empty() {
            each(first);
        }
        self.more.drain(..more).for_each(each);
        if self.more.is_empty() && self.more.capacity() > 0 {
            self.more = VecDeque::new();
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Bytes> {
        let first = (!self.first.is_empty()).then_some(&self.first);
        first.into_iter().chain(&self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_leave_in_the_order_in_which_they_came() {
        let mut frames = Frames::default();
        for frame in ["a", "bb", "ccc"] {
            frames.push(frame.into());
        }
        assert_eq!(frames.within(3), (2, 3));
        assert_eq!(taken(&mut frames, 2), ["a", "bb"]);
        frames.push("d".into());
        assert_eq!(taken(&mut frames, 2), ["ccc", "d"]);
        assert!(frames.is_empty());
    }

    #[test]
    fn one_that_is_larger_than_wished_goes_alone() {
        let mut frames = Frames::default();
        frames.push("large".into());
        frames.push("b".into());
        assert_eq!(frames.within(1), (1, 5));
    }

    fn taken(frames: &mut Frames, count: usize) -> Vec<Bytes> {
        let mut taken = Vec::new();
        frames.take(count, |frame| taken.push(frame));
        taken
    }
}
