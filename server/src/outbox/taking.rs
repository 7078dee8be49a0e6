use bytes::Bytes;

use super::Outbox;

impl Outbox {
    /// Takes the oldest frames, for the socket that the connection shares with others: `most` bytes, or else one frame.
    /// With the last of them the close frame, where there is one.
    pub(crate) fn take(&self, most: usize, each: impl FnMut(Bytes)) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        let was_choked = state.waiting() >= 2 * self.limit;
        let (count, size) = state.frames.within(most);
        state.frames.take(count, each);
        state.bytes -= size;
        let is_last = state.frames.is_empty() && state.is_over && !state.unwritten.is_empty();
        let close = is_last.then(|| std::mem::take(&mut state.unwritten));
        let has_room = count > 0 && (was_choked || !state.lagging.is_empty());
        drop(state);
        // It goes on where it waited for this.
        if has_room || close.is_some() {
            self.waker.wake();
        }
        close
    }

    /// Puts a message of its own, in pieces, after all that is unwritten.
    pub(crate) fn put(&self, head: &[u8], parts: &[Bytes]) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        let size = head.len() + parts.iter().map(Bytes::len).sum::<usize>();
        let unwritten = state.begin(self.codec, size);
        unwritten.extend_from_slice(head);
        parts.iter().for_each(|part| unwritten.extend_from_slice(part));
    }
}
