use std::fmt;

use tidewire_protocol::Payload;

/// What a publication says: which one it is. It is its whole payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// In which channel.
    pub channel: u16,
    /// By whom.
    pub publisher: u16,
    /// Its place in the lane of both.
    pub number: u32,
}

impl Mark {
    /// As a payload.
    pub fn payload(self) -> Payload {
        Payload::Json(format!("\"{self}\"").into())
    }

    /// What a payload says; `None` where nobody here published it.
    pub fn read(payload: &Payload) -> Option<Self> {
        let text = std::str::from_utf8(payload.bytes()).ok()?;
        let (channel, rest) = text.strip_prefix("\"c")?.strip_suffix('"')?.split_once('p')?;
        let (publisher, number) = rest.split_once('n')?;
        Some(Self {
            channel: channel.parse().ok()?,
            publisher: publisher.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl fmt::Display for Mark {
    /// `c3p7n12`: letters before the numbers, so that none is ever mistaken for a port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}p{}n{}", self.channel, self.publisher, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mark = Mark { channel: 3, publisher: 7, number: 12 };
        assert_eq!(Mark::read(&mark.payload()), Some(mark));
        assert_eq!(Mark::read(&Payload::Json("\"c3p7\"".into())), None);
    }
}
