use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest, Sha1};

use crate::PublicationId;
use crate::codec::binary::{Reader, Value, Writer};

/// 32 bits that stand for a log's whole history up to one entry.
///
/// Two logs that agree on an entry's offset and tag agree on everything before it; a log that was lost,
/// recreated, or rolled back and overwritten cannot match.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// The tag of the entry `id` that follows the entry with this tag: the first 32 bits, big-endian, of SHA-1
    /// (RFC 3174) over both as text, eight lower-case hexadecimal digits each. Text, because a Redis script
    /// computes the same with `redis.sha1hex`.
    pub fn then(self, id: PublicationId) -> Self {
        let digest = Sha1::digest(format!("{self}{id}").as_bytes());
        Self(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where an entry stands in a channel's log; as text `42-9f3a01bc`.
///
/// Valid only where the log holds this offset with this tag. Offsets of one log increase strictly; positions
/// with different histories are not comparable, so there is no order on positions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Strictly increasing within one log; dense in memory and Redis, sparse in Kafka. 0 precedes the first entry.
    pub offset: u64,
    /// Stands for the history up to this entry.
    pub tag: Tag,
}

impl Position {
    /// The position of the entry `id` when it is appended right after this one in a dense log.
    pub fn then(self, id: PublicationId) -> Self {
        Self { offset: self.offset.saturating_add(1), tag: self.tag.then(id) }
    }
}

/// Why a text is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a position has the form OFFSET-TAG, the offset decimal without leading zeros, the tag 8 lower-case hexadecimal digits"
)]
pub struct BadPosition;

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (offset, tag) = text.split_once('-').ok_or(BadPosition)?;
        // One text for each position: no sign, no leading zeros.
        let canonical =
            offset.bytes().all(|b| b.is_ascii_digit()) && (offset == "0" || !offset.starts_with('0'));
        if !canonical {
            return Err(BadPosition);
        }
        let offset = offset.parse().map_err(|_| BadPosition)?;
        let tag = hex(tag, 8).ok_or(BadPosition)?;
        Ok(Self { offset, tag: Tag(u32::try_from(tag).map_err(|_| BadPosition)?) })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.offset, self.tag)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Value for Position {
    fn write(&self, writer: &mut Writer<'_>) {
        self.offset.write(writer);
        writer.fixed(&self.tag.0.to_be_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { offset: u64::read(reader), tag: Tag(u32::from_be_bytes(reader.fixed())) }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

crate::growing::always_there!(Position);

/// Reads a value that is text, and parses it.
pub(crate) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Reads exactly `digits` lower-case hexadecimal digits.
pub(crate) fn hex(text: &str, digits: usize) -> Option<u64> {
    let canonical = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
