//! Whatever bytes come, reading them neither panics nor takes more memory than their size allows.

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire_protocol::{BadMessage, ClientFrame, Codec, Frame, MessageLimits, ServerFrame};

/// Bytes of memory that a byte of a message may cost while it is read: a frame takes two bytes on the wire and some
/// two hundred in memory, and a growing vector up to three times what it holds.
const MEMORY_PER_BYTE: u64 = 512;

/// What reading may cost beside that: a sequence that claims more than is there is found out within 32 elements.
const MEMORY_AT_LEAST: u64 = 8192;

fn reads_within_bounds(message: &[u8]) {
    for codec in Codec::ALL {
        reads_one_side::<ClientFrame>(codec, message);
        reads_one_side::<ServerFrame>(codec, message);
    }
}

fn reads_one_side<F: Frame>(codec: Codec, message: &[u8]) {
    let used = allocation_counter::measure(|| drop(codec.decode::<F>(message, MessageLimits::NONE)));
    let bound = MEMORY_AT_LEAST + MEMORY_PER_BYTE * message.len() as u64;
    assert!(used.bytes_max <= bound, "{codec:?}: {} bytes of memory for {}", used.bytes_max, message.len());
}

/// The largest number that a varint can claim.
const HUGE: [u8; 9] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(message in vec(any::<u8>(), 0..600)) {
        reads_within_bounds(&message);
    }

    #[test]
    fn any_body_of_any_kind_is_read_or_refused(kind in 0u8..20, body in vec(any::<u8>(), 0..100)) {
        let length = u8::try_from(body.len() + 1).unwrap();
        reads_within_bounds(&[&[length, kind], &body[..]].concat());
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), kind in proptest::sample::select(ServerFrame::KINDS)) {
        reads_within_bounds(text.as_bytes());
        reads_within_bounds(format!("{{\"{kind}\":{text}}}").as_bytes());
    }

    #[test]
    fn a_huge_claimed_length_costs_nothing(kind in 0u8..20, body in vec(0u8..2, 0..30), at in 0usize..30) {
        let mut body = body;
        let at = at.min(body.len());
        body.splice(at..at, HUGE);
        let length = u8::try_from(body.len() + 1).unwrap();
        reads_within_bounds(&[&[length, kind], &body[..]].concat());
        reads_within_bounds(&[&HUGE[..], &body].concat());
    }
}

#[test]
fn many_small_frames_and_parts_stay_within_bounds() {
    reads_within_bounds(&[1, 7].repeat(30_000));
    reads_within_bounds("{\"ping\":{}}\n".repeat(5_000).as_bytes());
    // subscribed: 4,000 empty publications where the replay stands.
    let mut body = vec![1, 1, 10];
    body.extend(b"chat:lobby");
    body.extend([12, 9, 0, 0, 0, 0, 0, 0xa0, 0x1f]);
    body.extend([0; 4_000]);
    let mut message = vec![body.len() as u8 | 0x80, (body.len() >> 7) as u8];
    message.extend(body);
    let heard = Codec::Binary.decode::<ServerFrame>(&message, MessageLimits::NONE);
    assert!(
        matches!(&heard.as_deref(), Ok([tidewire_protocol::Heard::Frame(ServerFrame::Subscribed(subscribed))])
        if subscribed.replay.len() == 4_000)
    );
    reads_within_bounds(&message);
}

#[test]
fn deep_json_does_not_exhaust_the_stack() {
    let deep = "[".repeat(200_000);
    reads_within_bounds(format!("{{\"publish\":{{\"data\":{deep}").as_bytes());
    let closed = format!("{deep}{}", "]".repeat(200_000));
    let unknown = format!("{{\"ping\":{{\"newer\":{closed}}}}}");
    assert!(Codec::Json.decode::<ClientFrame>(unknown.as_bytes(), MessageLimits::NONE).is_ok());
}

#[test]
fn a_message_with_too_many_frames_is_refused_before_they_are_read() {
    for (codec, message) in
        [(Codec::Binary, vec![1, 7, 1, 7, 9]), (Codec::Json, b"{\"ping\":{}}\n{\"ping\":{}}\n[".to_vec())]
    {
        let heard = codec.decode::<ClientFrame>(&message, MessageLimits { frames: 2 });
        assert_eq!(heard, Err(BadMessage::TooManyFrames { limit: 2 }), "{codec:?}");
    }
}

#[test]
fn a_frame_that_is_longer_than_its_message_is_refused() {
    for message in [&[5, 7][..], &[0x80], &[1, 7, 3, 7], &HUGE] {
        let heard = Codec::Binary.decode::<ClientFrame>(message, MessageLimits::NONE);
        assert!(matches!(heard, Err(BadMessage::Truncated { .. })), "{message:?}: {heard:?}");
    }
}

#[test]
fn a_frame_without_a_kind_is_refused() {
    let heard = Codec::Binary.decode::<ClientFrame>(&[0], MessageLimits::NONE);
    assert!(matches!(heard, Err(BadMessage::Frame { at: 1, .. })), "{heard:?}");
}

#[test]
fn the_reason_names_the_frame_and_what_is_wrong_with_it() {
    let message = b"{\"ping\":{}}\n{\"subscribe\":{\"id\":1,\"channel\":\"lobby\"}}";
    let why = Codec::Json.decode::<ClientFrame>(message, MessageLimits::NONE).unwrap_err().to_string();
    assert!(why.starts_with("frame 2 cannot be read: a channel name has the form namespace:rest"), "{why}");
    // subscribe, request 1, a name of one letter.
    let why = Codec::Binary.decode::<ClientFrame>(&[4, 1, 1, 1, b'a'], MessageLimits::NONE).unwrap_err();
    let in_words = "frame 1 cannot be read: subscribe: a channel name has the form namespace:rest";
    assert_eq!(why.to_string(), in_words);
}
