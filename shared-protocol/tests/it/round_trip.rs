//! What one side says, the other hears, in either codec.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire_protocol::{
    Alias, ClientFrame, Codec, Delivery, Frame, Heard, MessageLimits, Payload, Position, Publication,
    PublicationId, Publish, RequestId, ServerFrame, Subscribed, Tag,
};

use crate::any;
use crate::golden::message;
use crate::samples::{channel, position};

/// Reads a message whose frames are all of this version.
pub(crate) fn read<F: Frame>(codec: Codec, message: &[u8]) -> Vec<F> {
    let heard = codec.decode(message, MessageLimits::NONE).unwrap();
    let known = |heard| match heard {
        Heard::Frame(frame) => frame,
        Heard::UnknownKind(kind) => panic!("{kind} is unknown"),
    };
    heard.into_iter().map(known).collect()
}

fn reads_back<F: Frame + Debug + PartialEq>(frames: &[F]) {
    for codec in Codec::ALL {
        let mut message = Vec::new();
        for frame in frames {
            codec.encode(frame, &mut message);
        }
        assert_eq!(read::<F>(codec, &message), frames, "{codec:?}");
    }
}

proptest! {
    #[test]
    fn messages_of_clients_read_back(frames in vec(any::client_frame(), 0..6)) {
        reads_back(&frames);
    }

    #[test]
    fn messages_of_servers_read_back(frames in vec(any::server_frame(), 0..6)) {
        reads_back(&frames);
    }

    #[test]
    fn a_frame_crosses_from_one_codec_to_the_other_and_back(frame in any::server_frame()) {
        let json = message(Codec::Json, &frame);
        let [frame] = read::<ServerFrame>(Codec::Json, &json).try_into().unwrap();
        let binary = message(Codec::Binary, &frame);
        let [frame] = read::<ServerFrame>(Codec::Binary, &binary).try_into().unwrap();
        prop_assert_eq!(message(Codec::Json, &frame), json);
    }

    #[test]
    fn a_json_frame_is_one_line(frame in any::client_frame()) {
        let json = message(Codec::Json, &frame);
        prop_assert_eq!(json.iter().position(|&byte| byte == b'\n'), Some(json.len() - 1));
    }
}

fn publish(payload: Payload) -> ClientFrame {
    ClientFrame::Publish(Publish {
        id: RequestId(3),
        channel: channel(),
        seq: 7,
        payload,
        force: false,
        publisher: None,
    })
}

fn payload_in_json(payload: Payload) -> Payload {
    let json = message(Codec::Json, &publish(payload));
    let [ClientFrame::Publish(publish)] = &read(Codec::Json, &json)[..] else { panic!("{json:?}") };
    publish.payload.clone()
}

#[test]
fn a_line_break_in_json_becomes_a_space_and_nothing_else_changes() {
    let spelled = "\n{\"b\": 123456789012345678901234567890,\n\"a\":\r\"\\n\"}\n";
    let one_line = "{\"b\": 123456789012345678901234567890, \"a\":\r\"\\n\"}";
    assert_eq!(payload_in_json(Payload::Json(spelled.into())), Payload::Json(one_line.into()));
}

#[test]
fn json_that_is_none_arrives_as_bytes_rather_than_not_at_all() {
    for broken in [&b""[..], b"{", b"1 2", b"NaN", b"\"\xff\"", b"\"\n\""] {
        let payload = Payload::Json(broken.into());
        assert!(!payload.is_well_formed(), "{broken:?}");
        assert_eq!(payload_in_json(payload), Payload::Binary(broken.into()));
    }
}

#[test]
fn bytes_inside_a_replay_read_back() {
    let id = PublicationId(1);
    let payload = Payload::Binary(vec![0, 255].into());
    let replay = vec![Publication { position: position(1), id, payload, user: None, missing: 0 }];
    reads_back(&[ServerFrame::Subscribed(Subscribed {
        id: RequestId(1),
        channel: channel(),
        alias: Alias(1),
        position: position(1),
        from: Some(position(0)),
        replay,
        reset: None,
    })]);
}

#[test]
fn a_delivery_of_128_bytes_costs_at_most_22_more() {
    let frame = ServerFrame::Publication(Delivery {
        alias: Alias(500),
        position: Position { offset: 10_000, tag: Tag(0xffff_ffff) },
        id: PublicationId(0xffff_ffff),
        payload: Payload::Json(format!("\"{}\"", "x".repeat(126)).into()),
        user: None,
        missing: 0,
    });
    let size = message(Codec::Binary, &frame).len();
    assert!(size <= 128 + 22, "{size}");
}
