//! What is published: a text that says when and which, found in a stream of bytes whatever protocol carries it.

use memchr::memmem::Finder;

/// When a publication was due, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Nanoseconds of the generator's clock.
    pub(crate) nanos: u64,
    pub(crate) number: u32,
}

/// What begins a stamp; two hexadecimal numbers follow, of 16 and 8 digits.
const MARK: &[u8] = b"~T:";
/// The bytes of a stamp.
pub(crate) const LENGTH: usize = MARK.len() + 24;

/// A JSON text of `size` bytes with a stamp.
pub(crate) fn payload(stamp: Stamp, size: usize) -> Vec<u8> {
    let mut text = format!("\"~T:{:016x}{:08x}", stamp.nanos, stamp.number).into_bytes();
    text.resize(size.max(LENGTH + 2) - 1, b'.');
    text.push(b'"');
    text
}

/// Finds stamps in what one connection receives, also where one is cut in two by a read.
#[derive(Debug, Default)]
pub(crate) struct Carry {
    bytes: [u8; LENGTH - 1],
    length: u8,
}

impl Carry {
    /// How many bytes must be free before what is read.
    pub(crate) const ROOM: usize = LENGTH - 1;

    /// Takes what was read into `buffer` from [`Carry::ROOM`] on, and passes each stamp on.
    pub(crate) fn read(&mut self, finder: &Finder<'_>, buffer: &mut [u8], mut found: impl FnMut(Stamp)) {
        let kept = usize::from(self.length);
        let start = Self::ROOM - kept;
        buffer[start..Self::ROOM].copy_from_slice(&self.bytes[..kept]);
        let mut rest = &buffer[start..];
        while let Some(at) = finder.find(rest)
            && let Some((stamp, after)) = rest[at..].split_at_checked(LENGTH)
        {
            match parse(stamp) {
                Some(stamp) => {
                    found(stamp);
                    rest = after;
                }
                // Other bytes look like a mark now and then, and the stamp may stand right after them.
                None => rest = &rest[at + MARK.len()..],
            }
        }
        let keep = rest.len().min(LENGTH - 1);
        self.bytes[..keep].copy_from_slice(&rest[rest.len() - keep..]);
        self.length = keep as u8;
    }
}

/// What looks for stamps.
pub(crate) fn finder() -> Finder<'static> {
    Finder::new(MARK)
}

fn parse(stamp: &[u8]) -> Option<Stamp> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0u64, |number, &digit| {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(number << 4 | u64::from(value))
        })
    };
    let digits = &stamp[MARK.len()..];
    Some(Stamp { nanos: number(&digits[..16])?, number: number(&digits[16..])? as u32 })
}

#[cfg(test)]
mod tests {
    use tidewire_protocol::{Alias, Codec, Delivery, Payload, Position, PublicationId, ServerFrame, Tag};

    use super::*;

    #[test]
    fn a_stamp_is_found_however_the_stream_is_cut() {
        let stamps = [7, 8, 9].map(|number| Stamp { nanos: 0x0123_4567_89ab_cdef, number });
        let stream: Vec<u8> = stamps.iter().flat_map(|&stamp| payload(stamp, 64)).collect();
        for size in 1..stream.len() {
            let (mut carry, mut found) = (Carry::default(), Vec::new());
            for chunk in stream.chunks(size) {
                let mut buffer = vec![0; Carry::ROOM];
                buffer.extend_from_slice(chunk);
                carry.read(&finder(), &mut buffer, |stamp| found.push(stamp));
            }
            assert_eq!(found, stamps, "in chunks of {size}");
        }
    }

    #[test]
    fn a_tag_that_looks_like_a_mark_hides_no_stamp() {
        let stamp = Stamp { nanos: 1, number: 2 };
        let delivery = ServerFrame::Publication(Delivery {
            alias: Alias(1),
            position: Position { offset: 1, tag: Tag(u32::from_be_bytes(*b"~T:~")) },
            id: PublicationId(1),
            payload: Payload::Json(payload(stamp, 128).into()),
            user: None,
            missing: 0,
        });
        let mut buffer = vec![0; Carry::ROOM];
        Codec::Binary.encode(&delivery, &mut buffer);
        assert_eq!(memchr::memmem::find_iter(&buffer, MARK).count(), 2);
        let mut found = Vec::new();
        Carry::default().read(&finder(), &mut buffer, |stamp| found.push(stamp));
        assert_eq!(found, [stamp]);
    }

    #[test]
    fn a_payload_is_json_of_the_wished_size() {
        let text = payload(Stamp { nanos: 1, number: 2 }, 128);
        assert_eq!(text.len(), 128);
        assert!(serde_json::from_slice::<String>(&text).is_ok());
    }
}
