//! What must hold whatever bytes come; shared by the fuzz targets and the seeded run in `tests/it/fuzz.rs`.

use std::fmt::Debug;

use tidewire_protocol::{ClientFrame, Codec, Frame, Heard, MessageLimits, ServerFrame};

/// No more frames are read than this.
const LIMITS: MessageLimits = MessageLimits { frames: 64 };

/// Reads the bytes as either side would; panics where a law is broken.
pub(crate) fn holds(codec: Codec, bytes: &[u8]) {
    holds_for::<ClientFrame>(codec, bytes);
    holds_for::<ServerFrame>(codec, bytes);
}

fn holds_for<F: Frame + Debug + PartialEq>(codec: Codec, bytes: &[u8]) {
    let Ok(heard) = codec.decode::<F>(bytes, LIMITS) else { return };
    assert!(heard.len() <= LIMITS.frames);
    let frames: Vec<F> = heard.into_iter().filter_map(known).collect();

    // What was read is written so that it reads the same.
    assert_eq!(through(codec, &frames), frames);

    // JSON cannot say all that binary frames can (a payload that claims to be JSON, the white space around it,
    // the numbers of unknown codes); but what it says, both say.
    let in_json = through(Codec::Json, &frames);
    assert_eq!(in_json.len(), frames.len());
    for codec in Codec::ALL {
        assert_eq!(through(codec, &in_json), in_json);
    }
}

fn through<F: Frame>(codec: Codec, frames: &[F]) -> Vec<F> {
    let mut message = Vec::new();
    for frame in frames {
        codec.encode(frame, &mut message);
    }
    let heard = codec.decode(&message, LIMITS).expect("what a codec writes it reads");
    heard.into_iter().filter_map(known).collect()
}

fn known<F>(heard: Heard<F>) -> Option<F> {
    match heard {
        Heard::Frame(frame) => Some(frame),
        Heard::UnknownKind(_) => None,
    }
}
