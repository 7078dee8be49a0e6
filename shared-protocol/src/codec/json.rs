//! JSON frames: one object a line, with the frame's kind as its only key.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::{BadMessage, Frame, Heard, MessageLimits};

/// Appends one frame and a line break.
pub fn encode<F: Frame>(frame: &F, message: &mut Vec<u8>) {
    let start = message.len();
    // Writing to memory does not fail, and every frame's types are ones that JSON writes.
    if serde_json::to_writer(&mut *message, frame).is_err() {
        message.truncate(start);
    } else {
        message.push(b'\n');
    }
}

/// Reads the frames of a message; empty lines are skipped.
///
/// # Errors
/// What is wrong with the message.
pub fn decode<F: Frame>(message: &[u8], limits: MessageLimits) -> Result<Vec<Heard<F>>, BadMessage> {
    let mut frames = Vec::new();
    for line in message.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        if frames.len() == limits.frames {
            return Err(BadMessage::TooManyFrames { limit: limits.frames });
        }
        let at = frames.len() + 1;
        frames.push(match serde_json::from_slice(line) {
            Ok(frame) => Heard::Frame(frame),
            Err(error) => Heard::UnknownKind(
                unknown_kind::<F>(line).ok_or_else(|| BadMessage::Frame { at, why: error.to_string() })?,
            ),
        });
    }
    Ok(frames)
}

/// The kind of a well-formed frame that this version does not know.
fn unknown_kind<F: Frame>(line: &[u8]) -> Option<String> {
    let frame: BTreeMap<String, IgnoredAny> = serde_json::from_slice(line).ok()?;
    let (1, Some(kind)) = (frame.len(), frame.into_keys().next()) else { return None };
    (!F::KINDS.contains(&kind.as_str())).then_some(kind)
}
