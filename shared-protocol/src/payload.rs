use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::PayloadBytes;
use crate::codec::binary::{Reader, Value, Writer};
use crate::growing::Field;

/// What a publication carries; opaque to the protocol.
///
/// In the JSON codec it is written under `"data"` as JSON, or under `"bytes"` as base64 (RFC 4648, padded). A JSON
/// payload that is not [well formed](Self::is_well_formed) goes under `"bytes"` too: it arrives, as what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text in UTF-8, with the sender's own spelling; the JSON codec drops white space around it and makes
    /// a line break between its tokens a space.
    Json(PayloadBytes),
    /// Any bytes.
    Binary(PayloadBytes),
}

impl Payload {
    /// The payload's bytes: the JSON text, or the bytes themselves.
    pub fn bytes(&self) -> &PayloadBytes {
        match self {
            Self::Json(bytes) | Self::Binary(bytes) => bytes,
        }
    }

    /// Whether a JSON payload is one JSON value in UTF-8; the server checks what clients send in the binary codec.
    pub fn is_well_formed(&self) -> bool {
        match self {
            Self::Json(text) => json_text(text).is_some(),
            Self::Binary(_) => true,
        }
    }
}

impl Value for Payload {
    fn write(&self, writer: &mut Writer<'_>) {
        matches!(self, Self::Binary(_)).write(writer);
        writer.bytes(self.bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        let kind = if reader.choice() { Self::Binary } else { Self::Json };
        kind(PayloadBytes::copy_from_slice(reader.bytes()))
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(text) => match json_text(text) {
                Some(value) if value.get().contains('\n') => one_line(value).serialize(serializer),
                Some(value) => value.serialize(serializer),
                None => serializer.serialize_str(&STANDARD.encode(text)),
            },
            Self::Binary(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("a payload in JSON stands under data or bytes"))
    }
}

impl Field for Payload {
    fn key(&self, _: &'static str) -> &'static str {
        match self {
            Self::Json(_) if self.is_well_formed() => "data",
            Self::Json(_) | Self::Binary(_) => "bytes",
        }
    }

    fn answers_to(key: &str, _: &str) -> bool {
        key == "data" || key == "bytes"
    }

    fn read_json<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        if key == "data" {
            let text: Box<RawValue> = map.next_value()?;
            return Ok(Self::Json(PayloadBytes::from(String::from(Box::<str>::from(text)))));
        }
        let text: std::borrow::Cow<'de, str> = map.next_value()?;
        STANDARD.decode(text.as_bytes()).map(|bytes| Self::Binary(bytes.into())).map_err(A::Error::custom)
    }
}

/// The text as one JSON value. Its strings are checked to be UTF-8, which reading bytes and ignoring them is not.
fn json_text(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_str(std::str::from_utf8(text).ok()?).ok()
}

/// The same value without line breaks, which would end the frame's line. JSON has them between tokens only.
fn one_line(value: &RawValue) -> Box<RawValue> {
    RawValue::from_string(value.get().replace('\n', " ")).unwrap_or_else(|_| value.to_owned())
}
