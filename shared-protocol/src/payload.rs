use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Error, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::growing::Field;

/// What a publication carries; opaque to the protocol.
///
/// In the JSON codec it is written under `"data"` as JSON, or under `"bytes"` as base64 (RFC 4648, padded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text in UTF-8, with the sender's own spelling.
    Json(Bytes),
    /// Any bytes.
    Binary(Bytes),
}

impl Payload {
    /// The payload's bytes: the JSON text, or the bytes themselves.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Json(bytes) | Self::Binary(bytes) => bytes,
        }
    }

    /// Whether a JSON payload is one JSON value; the server checks what clients send in the binary codec.
    pub fn is_well_formed(&self) -> bool {
        match self {
            Self::Json(text) => serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok(),
            Self::Binary(_) => true,
        }
    }
}

const JSON: u8 = 0;
const BINARY: u8 = 1;

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        if !serializer.is_human_readable() {
            return match self {
                Self::Json(text) => (JSON, Slice(text)).serialize(serializer),
                Self::Binary(bytes) => (BINARY, Slice(bytes)).serialize(serializer),
            };
        }
        match self {
            Self::Json(text) => {
                let text = std::str::from_utf8(text).map_err(S::Error::custom)?;
                // A line break inside the JSON would end the frame's line.
                match text.contains(['\n', '\r']) {
                    true => serde_json::from_str::<serde_json::Value>(text)
                        .map_err(S::Error::custom)?
                        .serialize(serializer),
                    false => serde_json::from_str::<&RawValue>(text)
                        .map_err(S::Error::custom)?
                        .serialize(serializer),
                }
            }
            Self::Binary(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Err(D::Error::custom("a payload in JSON stands under data or bytes"));
        }
        match <(u8, &'de [u8])>::deserialize(deserializer)? {
            (JSON, text) => Ok(Self::Json(Bytes::copy_from_slice(text))),
            (BINARY, bytes) => Ok(Self::Binary(Bytes::copy_from_slice(bytes))),
            (kind, _) => Err(D::Error::custom(format_args!("payload kind {kind} is unknown"))),
        }
    }
}

impl<'de> Field<'de> for Payload {
    fn key(&self, _: &'static str) -> &'static str {
        match self {
            Self::Json(_) => "data",
            Self::Binary(_) => "bytes",
        }
    }

    fn answers_to(key: &str, _: &str) -> bool {
        key == "data" || key == "bytes"
    }

    fn read<A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        if key == "data" {
            let text: Box<RawValue> = map.next_value()?;
            return Ok(Self::Json(Bytes::from(String::from(Box::<str>::from(text)))));
        }
        let text: std::borrow::Cow<'de, str> = map.next_value()?;
        STANDARD.decode(text.as_bytes()).map(|bytes| Self::Binary(bytes.into())).map_err(A::Error::custom)
    }
}

/// Bytes that serde writes as bytes, not as a sequence of numbers.
struct Slice<'a>(&'a [u8]);

impl Serialize for Slice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
