//! Binary frames: each a length (varint) and so many bytes of postcard, whose first number is the frame's kind.
//!
//! A frame that ends early reads as if zeros followed, so that fields can be added at a frame's end and left
//! out where there is nothing in them. The same holds for a part of a frame (a publication of a replay, say),
//! which has a length of its own.

use postcard::de_flavors::Flavor as Source;
use postcard::ser_flavors::Flavor as Sink;
use postcard::{Deserializer, Serializer};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer as AnyDeserializer, Serializer as AnySerializer};

use super::{BadMessage, Frame, Heard, MessageLimits};
use crate::growing::Fields;

/// Appends one frame with its length.
pub fn encode<F: Frame>(frame: &F, message: &mut Vec<u8>) {
    let start = message.len();
    let mut serializer = Serializer { output: Append(message) };
    // Writing to memory does not fail, and every frame's types are ones that postcard writes.
    if frame.serialize(&mut serializer).is_err() {
        message.truncate(start);
        return;
    }
    let mut length = [0; 10];
    let length = varint(message.len() - start, &mut length);
    message.extend_from_slice(length);
    message[start..].rotate_right(length.len());
}

/// Reads the frames of a message.
///
/// # Errors
/// What is wrong with the message.
pub fn decode<F: Frame>(mut message: &[u8], limits: MessageLimits) -> Result<Vec<Heard<F>>, BadMessage> {
    let mut frames = Vec::new();
    while !message.is_empty() {
        if frames.len() == limits.frames {
            return Err(BadMessage::TooManyFrames { limit: limits.frames });
        }
        let at = frames.len() + 1;
        let (frame, rest) = take_varint(message)
            .and_then(|(length, rest)| rest.split_at_checked(usize::try_from(length).ok()?))
            .ok_or(BadMessage::Truncated { at })?;
        message = rest;
        frames.push(decode_one(frame).map_err(|why| BadMessage::Frame { at, why })?);
    }
    Ok(frames)
}

fn decode_one<F: Frame>(frame: &[u8]) -> Result<Heard<F>, String> {
    let (number, _) = take_varint(frame).ok_or("it has no kind")?;
    let Some(kind) = usize::try_from(number).ok().and_then(|number| F::KINDS.get(number)) else {
        return Ok(Heard::UnknownKind(number.to_string()));
    };
    F::deserialize(&mut reader(frame)).map(Heard::Frame).map_err(|error| {
        // Postcard keeps nothing of what a type says about its content.
        if error == postcard::Error::SerdeDeCustom {
            format!("{kind}: a channel's name, a payload, or a part is not one")
        } else {
            format!("{kind}: {error}")
        }
    })
}

/// Writes a part of a frame with its length.
pub(crate) fn write_part<T: Fields, S: AnySerializer>(part: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    part.write(&mut Serializer { output: Append(&mut bytes) }).map_err(S::Error::custom)?;
    serializer.serialize_bytes(&bytes)
}

/// Reads a part of a frame.
pub(crate) fn read_part<'de, T: Fields, D: AnyDeserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let bytes = <&'de [u8]>::deserialize(deserializer)?;
    T::read(&mut reader(bytes)).map_err(D::Error::custom)
}

fn reader(bytes: &[u8]) -> Deserializer<'_, ZerosAfter<'_>> {
    Deserializer::from_flavor(ZerosAfter { bytes, zeros: MOST_ZEROS })
}

/// How many bytes a frame or part may lack: more than any kind has fields, and few enough that a sequence that
/// claims to be long is found out soon.
const MOST_ZEROS: usize = 32;

/// Writes to the end of a message.
struct Append<'a>(&'a mut Vec<u8>);

impl Sink for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Reads a frame's bytes, and then zeros.
struct ZerosAfter<'de> {
    bytes: &'de [u8],
    zeros: usize,
}

impl<'de> Source<'de> for ZerosAfter<'de> {
    type Remainder = ();
    type Source = &'de [u8];

    fn pop(&mut self) -> postcard::Result<u8> {
        if let Some((&byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            return Ok(byte);
        }
        self.zeros = self.zeros.checked_sub(1).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        Ok(0)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }

    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'de [u8]> {
        let (taken, rest) =
            self.bytes.split_at_checked(count).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes a number in groups of seven bits, the lowest first (LEB128).
fn varint(mut number: usize, buffer: &mut [u8; 10]) -> &[u8] {
    let mut length = 0;
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        buffer[length] = if number == 0 { byte } else { byte | 0x80 };
        length += 1;
        if number == 0 {
            return &buffer[..length];
        }
    }
}

/// Reads such a number, and what follows it.
fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}
