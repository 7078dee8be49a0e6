//! Binary frames: each a length (varint) and so many bytes of postcard, whose first number is the frame's kind.
//!
//! A frame that ends early reads as if zeros followed, so that fields can be added at a frame's end and left
//! out where there is nothing in them.

use postcard::de_flavors::Flavor as Source;
use postcard::ser_flavors::Flavor as Sink;
use postcard::{Deserializer, Serializer};

use super::{BadMessage, Frame, Heard, MessageLimits};

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
    let (prefix, body) = (length.len(), message.len() - start);
    message.extend_from_slice(length);
    message[start..].rotate_right(prefix);
    debug_assert_eq!(message.len(), start + prefix + body);
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
    let (kind, _) = take_varint(frame).ok_or("it has no kind")?;
    if kind >= F::KINDS.len() as u64 {
        return Ok(Heard::UnknownKind(kind.to_string()));
    }
    let mut deserializer = Deserializer::from_flavor(ZerosAfter { bytes: frame, zeros: MOST_ZEROS });
    F::deserialize(&mut deserializer).map(Heard::Frame).map_err(|error| error.to_string())
}

/// How many bytes a frame may lack: more than any kind's optional fields have.
const MOST_ZEROS: usize = 64;

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
