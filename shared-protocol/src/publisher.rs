use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::binary::{Reader, Value, Writer};
use crate::position::{hex, parsed};

/// A publisher's counter within a channel: 1, 2, 3 …; 0 in ephemeral namespaces, which do not count.
pub type Seq = u64;

/// Who publishes, for de-duplication: 64 random bits, kept across reconnects; as text 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublisherId(pub u64);

/// Why a text names no publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a publisher is 16 lower-case hexadecimal digits")]
pub struct BadPublisher;

impl FromStr for PublisherId {
    type Err = BadPublisher;

    fn from_str(text: &str) -> Result<Self, BadPublisher> {
        hex(text, 16).map(Self).ok_or(BadPublisher)
    }
}

impl fmt::Display for PublisherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for PublisherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Value for PublisherId {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.fixed(&self.0.to_be_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(u64::from_be_bytes(reader.fixed()))
    }
}

impl Serialize for PublisherId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublisherId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

crate::growing::always_there!(PublisherId);

/// 32 bits that name a publication; as text 8 hexadecimal digits.
///
/// Compared only where a log went back and the same publication may come again: 32 bits are no identity for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicationId(pub u32);

impl PublicationId {
    /// The id of a publisher's publication: the upper half of SplitMix64 (Steele, Lea, Flood 2014) of the
    /// publisher, advanced by `seq` steps.
    pub fn of(publisher: PublisherId, seq: Seq) -> Self {
        let mut z = publisher.0.wrapping_add(seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(((z ^ (z >> 31)) >> 32) as u32)
    }
}

/// Why a text is no publication's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a publication's id is 8 lower-case hexadecimal digits")]
pub struct BadPublicationId;

impl FromStr for PublicationId {
    type Err = BadPublicationId;

    fn from_str(text: &str) -> Result<Self, BadPublicationId> {
        hex(text, 8).and_then(|id| u32::try_from(id).ok()).map(Self).ok_or(BadPublicationId)
    }
}

impl fmt::Display for PublicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for PublicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Value for PublicationId {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.fixed(&self.0.to_be_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(u32::from_be_bytes(reader.fixed()))
    }
}

impl Serialize for PublicationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

crate::growing::always_there!(PublicationId);
