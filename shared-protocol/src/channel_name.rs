use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::binary::{Fault, Reader, Value, Writer};

/// The name of a channel, `namespace:rest`; parsed once, valid ever after, cheap to clone.
///
/// The namespace has 1 to 64 of `a-z 0-9 - _`. The rest has at least one character; letters, digits and
/// ``- _ . ~ : / @ ! $ & ' ( ) + , ; = %`` are allowed. A whole name has at most [`ChannelName::MAX_LEN`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(Arc<str>);

impl ChannelName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 200;

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon; it names the settings that apply.
    pub fn namespace(&self) -> &str {
        colon(&self.0).and_then(|colon| self.0.get(..colon)).unwrap_or_default()
    }
}

/// Why a text is no channel name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChannelName {
    /// The name is longer than [`ChannelName::MAX_LEN`].
    #[error("a channel name has at most {} bytes", ChannelName::MAX_LEN)]
    TooLong,
    /// There is no colon, or nothing on one side of it.
    #[error("a channel name has the form namespace:rest")]
    NoNamespace,
    /// The namespace has a character that it may not have, or more than 64.
    #[error("a namespace has 1 to 64 of a-z 0-9 - _")]
    Namespace,
    /// The rest has a character that it may not have.
    #[error("after the namespace, a channel name has letters, digits and -_.~:/@!$&'()+,;=% only")]
    Character,
}

impl FromStr for ChannelName {
    type Err = BadChannelName;

    fn from_str(text: &str) -> Result<Self, BadChannelName> {
        if text.len() > Self::MAX_LEN {
            return Err(BadChannelName::TooLong);
        }
        let (namespace, rest) = text.as_bytes().split_at(colon(text).ok_or(BadChannelName::NoNamespace)?);
        let [_, rest @ ..] = rest else { return Err(BadChannelName::NoNamespace) };
        if namespace.is_empty() || rest.is_empty() {
            return Err(BadChannelName::NoNamespace);
        }
        if namespace.len() > 64
            || !namespace.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        {
            return Err(BadChannelName::Namespace);
        }
        if !rest.iter().all(|&b| b.is_ascii_alphanumeric() || is_mark(b)) {
            return Err(BadChannelName::Character);
        }
        Ok(Self(text.into()))
    }
}

/// Whether a byte is one of ``-_.~:/@!$&'()+,;=%``; a pattern, because to search a list takes more code.
const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'-' | b'_'
            | b'.'
            | b'~'
            | b':'
            | b'/'
            | b'@'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'+'
            | b','
            | b';'
            | b'='
            | b'%'
    )
}

/// Where the first colon is; among bytes, because to look for a character takes code that every page would download.
fn colon(name: &str) -> Option<usize> {
    name.bytes().position(|byte| byte == b':')
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Value for ChannelName {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.0.as_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.text().parse().unwrap_or_else(|bad| {
            reader.fail(Fault::Channel(bad));
            Self("".into())
        })
    }
}

impl Serialize for ChannelName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ChannelName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::position::parsed(deserializer)
    }
}

crate::growing::always_there!(ChannelName);
