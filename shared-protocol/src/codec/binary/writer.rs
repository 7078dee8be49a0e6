/// Writes to the end of a message.
pub struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number in groups of seven bits, the lowest first (LEB128).
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// Bytes as they are.
    pub(crate) fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes after their length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.fixed(bytes);
    }

    /// What `write` writes, after its length.
    pub(crate) fn with_length(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        // Nearly all lengths have one byte; the others make room for themselves.
        self.byte(0);
        write(self);
        self.fill_in_length(start);
    }

    fn fill_in_length(&mut self, mut at: usize) {
        let mut length = self.0.len() - at - 1;
        while length >= 0x80 {
            self.0.insert(at, length as u8 | 0x80);
            length >>= 7;
            at += 1;
        }
        if let Some(last) = self.0.get_mut(at) {
            *last = length as u8;
        }
    }

    /// Takes back what was written after the first `length` bytes of the message.
    pub(crate) fn end_at(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// How long the message is.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
