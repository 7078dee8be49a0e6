use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Which ports are replaced by which, in what servers answer.
#[derive(Debug, Default)]
pub(super) struct Renames(Mutex<Arc<Map>>);

type Map = HashMap<Vec<u8>, Vec<u8>>;

/// The digits of every port here: a replaced one takes as much room as the one before.
const DIGITS: usize = 5;

impl Renames {
    pub(super) fn set(&self, ports: &[(u16, u16)]) {
        let text = |port: u16| {
            let text = port.to_string().into_bytes();
            assert_eq!(text.len(), DIGITS, "a port of {DIGITS} digits");
            text
        };
        let map = ports.iter().map(|&(from, to)| (text(from), text(to))).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }

    /// What renames on one connection; `None` where nothing is to be renamed.
    pub(super) fn naming(&self) -> Option<Naming> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (!map.is_empty()).then(|| Naming { map, kept: Vec::new(), before: b'\n' })
    }
}

/// Replaces ports in a stream of bytes, wherever it is cut.
pub(super) struct Naming {
    map: Arc<Map>,
    /// Digits at the end of what was read, which may go on.
    kept: Vec<u8>,
    /// The byte before them.
    before: u8,
}

impl Naming {
    pub(super) fn rename(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + DIGITS);
        for &byte in bytes {
            if byte.is_ascii_digit() && self.kept.len() <= DIGITS {
                self.kept.push(byte);
                continue;
            }
            self.put(&mut out, byte);
            out.push(byte);
            self.before = byte;
        }
        // Servers end every answer with a line break: digits at the end of a chunk are never the end of one. But
        // what is too long for a port need not wait.
        if self.kept.len() > DIGITS {
            self.before = b'0';
            out.append(&mut self.kept);
        }
        out
    }

    /// Puts out the digits that this byte ended.
    fn put(&mut self, out: &mut Vec<u8>, after: u8) {
        let stands_alone =
            matches!(self.before, b':' | b' ' | b'\n') && matches!(after, b'\r' | b' ' | b'@' | b'\n' | b',');
        match self.map.get(&self.kept).filter(|_| stands_alone) {
            Some(other) => out.extend_from_slice(other),
            None => out.extend_from_slice(&self.kept),
        }
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_renamed_wherever_the_stream_is_cut_and_nothing_else_is() {
        let renames = Renames::default();
        renames.set(&[(12345, 23456)]);
        let stream = b"-MOVED 3999 127.0.0.1:12345\r\n$5\r\n12345\r\n:12345\r\n$8\r\nx12345yz\r\n123456\r\n1234567 12345\r\nn12345\r\n";
        let renamed = b"-MOVED 3999 127.0.0.1:23456\r\n$5\r\n23456\r\n:23456\r\n$8\r\nx12345yz\r\n123456\r\n1234567 23456\r\nn12345\r\n";
        for size in 1..stream.len() {
            let mut naming = renames.naming().unwrap();
            let out: Vec<u8> = stream.chunks(size).flat_map(|chunk| naming.rename(chunk)).collect();
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(renamed),
                "in chunks of {size}"
            );
        }
    }
}
