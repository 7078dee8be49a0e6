use bytes::Bytes;
use tidewire_protocol::{
    Alias, ClientFrame, Codec, Delivery, Heard, MessageLimits, Payload, Position, PublicationId, Publish,
    RequestId, ServerFrame, Tag,
};

fn read_back<F: tidewire_protocol::Frame + std::fmt::Debug + PartialEq + Clone>(frame: &F) {
    for codec in Codec::ALL {
        let mut message = Vec::new();
        codec.encode(frame, &mut message);
        let heard = codec.decode::<F>(&message, MessageLimits::NONE);
        assert_eq!(heard, Ok(vec![Heard::Frame(frame.clone())]), "{codec:?}");
    }
}

#[test]
fn a_publish_reads_back() {
    for payload in [
        Payload::Json(Bytes::from_static(b"{\"text\":\"hi\"}")),
        Payload::Binary(Bytes::from_static(&[0, 1, 0])),
    ] {
        read_back(&ClientFrame::Publish(Publish {
            id: RequestId(3),
            channel: "chat:lobby".parse().unwrap(),
            seq: 7,
            payload,
            force: false,
            publisher: None,
        }));
    }
}

#[test]
fn a_delivery_of_128_bytes_costs_at_most_22_more() {
    let frame = ServerFrame::Publication(Delivery {
        alias: Alias(500),
        position: Position { offset: 10_000, tag: Tag(0xffff_ffff) },
        id: PublicationId(0xffff_ffff),
        payload: Payload::Json(Bytes::from(format!("\"{}\"", "x".repeat(126)))),
        user: None,
        missing: 0,
    });
    read_back(&frame);
    let mut message = Vec::new();
    Codec::Binary.encode(&frame, &mut message);
    assert!(message.len() <= 128 + 22, "{}", message.len());
}
