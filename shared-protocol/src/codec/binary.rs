//! Binary frames: each a length (varint) and so many bytes, of which the first number is the frame's kind.
//!
//! A frame that ends early reads as if zeros followed, so that fields can be added at a frame's end and left
//! out where there is nothing in them. The same holds for a part of a frame (a publication of a replay, say),
//! which has a length of its own.

mod fault;
mod reader;
mod value;
mod writer;

pub use fault::Fault;
pub use reader::Reader;
pub(crate) use value::Value;
pub use writer::Writer;

use super::{BadMessage, Frame, Heard, MessageLimits};

/// Appends one frame with its length.
pub fn encode<F: Frame>(frame: &F, message: &mut Vec<u8>) {
    Writer(message).with_length(|writer| frame.write(writer));
}

/// Reads the frames of a message.
///
/// # Errors
/// What is wrong with the message.
pub fn decode<F: Frame>(message: &[u8], limits: MessageLimits) -> Result<Vec<Heard<F>>, BadMessage> {
    let mut frames = Vec::new();
    let mut rest = Reader::of_message(message);
    while !rest.is_empty() {
        if frames.len() == limits.frames {
            return Err(BadMessage::TooManyFrames { limit: limits.frames });
        }
        let at = frames.len() + 1;
        let mut frame = Reader::of_part(rest.bytes());
        rest.end().map_err(|_| BadMessage::Truncated { at })?;
        let kind = frame.kind();
        frames.push(match F::read(kind, &mut frame) {
            Some(frame) => Heard::Frame(frame),
            None => Heard::UnknownKind(kind.to_string()),
        });
        frame.end().map_err(|fault| BadMessage::Frame { at, why: in_words::<F>(kind, fault) })?;
    }
    Ok(frames)
}

/// Reads the frames of a message and skips those of kinds that this version does not know, as a client does.
///
/// # Errors
/// What is wrong with the first frame that cannot be read.
pub fn known<F: Frame>(message: &[u8]) -> Result<Vec<F>, Fault> {
    let mut frames = Vec::new();
    let mut rest = Reader::of_message(message);
    while !rest.is_empty() {
        let mut frame = Reader::of_part(rest.bytes());
        rest.end()?;
        let kind = frame.kind();
        frames.extend(F::read(kind, &mut frame));
        frame.end()?;
    }
    Ok(frames)
}

fn in_words<F: Frame>(kind: u64, fault: Fault) -> String {
    match usize::try_from(kind).ok().and_then(|kind| F::KINDS.get(kind)) {
        Some(kind) => format!("{kind}: {fault}"),
        None => fault.to_string(),
    }
}
