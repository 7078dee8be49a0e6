//! Version 1 only grows: what a newer peer adds, an older one skips; what an older one lacks, reads as absent.

use tidewire_protocol::{
    Alias, BadMessage, ClientFrame, CloseCode, Codec, Delivery, Ephemeral, Frame, Heard, Hello, History,
    HistoryPage, MessageLimits, Payload, Ping, PublicationId, Published, RefusalCode, Refused, RequestId,
    ResetReason, ServerFrame, Subscribe, Unsubscribed,
};

use crate::golden;
use crate::round_trip::read;
use crate::samples::{self, channel, position};

/// A binary frame of these bytes, with its length.
fn binary(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    assert!(length < 128, "one byte of length");
    [&[length], body].concat()
}

/// The bytes after the length of a golden file's only frame.
fn body(file: &str) -> Vec<u8> {
    let message = golden::bytes(file);
    let prefix = message.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    message[prefix..].to_vec()
}

fn hears<F: Frame>(codec: Codec, message: &[u8]) -> Vec<Heard<F>> {
    codec.decode(message, MessageLimits::NONE).unwrap()
}

#[test]
fn v1_has_these_kinds_in_this_order() {
    assert_eq!(
        ClientFrame::KINDS,
        [
            "hello",
            "subscribe",
            "unsubscribe",
            "publish",
            "history",
            "presence",
            "refresh",
            "ping",
            "pong",
            "coalesce"
        ],
        "a new kind comes last"
    );
    let [first, .., last] = ServerFrame::KINDS else { panic!() };
    assert_eq!(
        (*first, *last, ServerFrame::KINDS.len()),
        ("welcome", "occupancy", 19),
        "a new kind comes last"
    );
}

#[test]
fn the_kinds_are_numbered_and_named_as_the_frames_are() {
    fn check<F: Frame>(side: &str) {
        for (number, kind) in F::KINDS.iter().enumerate() {
            assert_eq!(usize::from(body(&format!("{side}/{kind}.hex"))[0]), number, "{kind}");
            assert!(
                golden::text(&format!("{side}/{kind}.json")).starts_with(&format!("{{\"{kind}\":")),
                "{kind}"
            );
        }
    }
    check::<ClientFrame>("client");
    check::<ServerFrame>("server");
}

#[test]
fn a_binary_frame_of_a_newer_kind_is_told_apart_from_its_neighbours() {
    let message = [binary(&[7]), binary(&[200, 1, 9, 9, 9]), binary(&[7])].concat();
    let ping = Heard::Frame(ClientFrame::Ping(Ping {}));
    assert_eq!(hears(Codec::Binary, &message), [ping.clone(), Heard::UnknownKind("200".into()), ping]);
}

#[test]
fn a_json_frame_of_a_newer_kind_is_told_apart_from_its_neighbours() {
    let message = b"{\"ping\":{}}\n{\"hug\":{\"deep\":[[[]]]}}\n\r\n{\"ping\":{}}";
    let ping = Heard::Frame(ClientFrame::Ping(Ping {}));
    assert_eq!(hears(Codec::Json, message), [ping.clone(), Heard::UnknownKind("hug".into()), ping]);
}

#[test]
fn fields_that_a_newer_peer_added_to_a_frame_are_skipped() {
    for (name, frame) in samples::server() {
        if golden::text(&format!("server/{name}.json")).contains(":{}}") {
            continue;
        }
        let json =
            golden::text(&format!("server/{name}.json")).replace("}}\n", ",\"newer\":{\"deep\":[1]}}}\n");
        assert_eq!(read::<ServerFrame>(Codec::Json, json.as_bytes()), [frame], "{name}");
    }
    // Only a frame that has its last field can have further ones.
    for name in ["publication", "refreshed", "history", "welcome", "going_away", "joined-grown"] {
        let frame = read::<ServerFrame>(Codec::Binary, &golden::bytes(&format!("server/{name}.hex")));
        let mut grown = body(&format!("server/{name}.hex"));
        grown.extend([1, 2, 3]);
        let mut message = vec![grown.len() as u8 | 0x80, (grown.len() >> 7) as u8];
        message.extend(grown);
        assert_eq!(read::<ServerFrame>(Codec::Binary, &message), frame, "{name}");
    }
}

#[test]
fn fields_that_a_newer_peer_added_to_a_part_are_skipped() {
    // presence, request 6, one member: 9 bytes long, "ada", no info, no connection, and 3 bytes of what came later.
    let message = binary(&[11, 6, 1, 9, 3, b'a', b'd', b'a', 0, 0, 7, 7, 7]);
    let [ServerFrame::Presence(list)] = &read(Codec::Binary, &message)[..] else { panic!() };
    assert_eq!((list.members.len(), &*list.members[0].user, &list.members[0].info), (1, "ada", &None));

    let json = br#"{"presence":{"id":6,"members":[{"user":"ada","newer":1}]}}"#;
    assert_eq!(read::<ServerFrame>(Codec::Json, json), [ServerFrame::Presence(list.clone())]);
}

/// Cuts a frame's bytes where an older peer, which lacks the last fields, would have ended it.
fn cut_after<F: Frame>(frame: &F, length: usize) -> Vec<F> {
    let whole = golden::message(Codec::Binary, frame);
    read(Codec::Binary, &binary(&whole[1..=length]))
}

#[test]
fn a_frame_cut_before_its_optional_fields_reads_as_one_without_them() {
    let hello = Hello { sdk: "web".into(), token: None, publisher: None, features: vec![] };
    let grown = Hello { features: vec!["x".into()], token: Some("t".into()), ..hello.clone() };
    assert_eq!(cut_after(&ClientFrame::Hello(grown), 5), [ClientFrame::Hello(hello)]);

    let subscribe = Subscribe { id: RequestId(1), channel: channel(), since: vec![], last: 0 };
    let grown = Subscribe { since: vec![position(1)], last: 9, ..subscribe.clone() };
    assert_eq!(cut_after(&ClientFrame::Subscribe(grown), 13), [ClientFrame::Subscribe(subscribe)]);

    let history = History { id: RequestId(1), channel: channel(), since: None, limit: 0 };
    let grown = History { since: Some(position(1)), limit: 9, ..history.clone() };
    assert_eq!(cut_after(&ClientFrame::History(grown), 13), [ClientFrame::History(history)]);

    let id = PublicationId(1);
    let payload = Payload::Json("1".into());
    let delivery = Delivery { alias: Alias(1), position: position(1), id, payload, user: None, missing: 0 };
    let grown = Delivery { user: Some("ada".into()), missing: 2, ..delivery.clone() };
    assert_eq!(cut_after(&ServerFrame::Publication(grown), 14), [ServerFrame::Publication(delivery)]);

    let ephemeral = Ephemeral { alias: Alias(1), payload: Payload::Json("1".into()), user: None };
    let grown = Ephemeral { user: Some("ada".into()), ..ephemeral.clone() };
    assert_eq!(cut_after(&ServerFrame::Ephemeral(grown), 5), [ServerFrame::Ephemeral(ephemeral)]);

    let page = HistoryPage {
        id: RequestId(1),
        position: position(1),
        publications: vec![],
        reset: None,
        more: false,
    };
    let grown = HistoryPage { reset: Some(ResetReason::Trimmed), more: true, ..page.clone() };
    assert_eq!(cut_after(&ServerFrame::History(grown), 7), [ServerFrame::History(page)]);

    let published = Published { id: RequestId(1), position: None };
    let grown = Published { position: Some(position(1)), ..published.clone() };
    assert_eq!(cut_after(&ServerFrame::Published(grown), 2), [ServerFrame::Published(published)]);
}

#[test]
fn codes_of_a_newer_peer_are_kept_and_final() {
    // refused, request 3, code 999, no reason.
    let [ServerFrame::Refused(Refused { id, code, .. })] = read(Codec::Binary, &binary(&[5, 3, 0xe7, 7]))[..]
    else {
        panic!()
    };
    assert_eq!((id, code), (RequestId(3), RefusalCode::Unknown(999)));
    assert_eq!(code.advice(), tidewire_protocol::Advice::Stop);

    let json = br#"{"unsubscribed":{"alias":1,"code":"bored"}}"#;
    let [ServerFrame::Unsubscribed(Unsubscribed { code, .. })] = read(Codec::Json, json)[..] else {
        panic!()
    };
    assert_eq!(code.word(), "unknown");
}

#[test]
fn a_close_code_of_a_newer_peer_says_by_its_range_whether_to_come_back() {
    use tidewire_protocol::Advice::{Retry, Stop};
    for (number, advice) in
        [(1006, Retry), (4399, Retry), (4499, Retry), (4599, Stop), (4999, Stop), (5000, Retry)]
    {
        assert_eq!(CloseCode::from_number(number).advice(), advice, "{number}");
    }
}

#[test]
fn json_is_read_by_name_and_never_by_place() {
    for message in [r#"{"ping":[]}"#, r#"{"hello":["web",null,null,[]]}"#, r#""ping""#, "[]", "{}"] {
        let heard = Codec::Json.decode::<ClientFrame>(message.as_bytes(), MessageLimits::NONE);
        assert!(matches!(heard, Err(BadMessage::Frame { at: 1, .. })), "{message}: {heard:?}");
    }
}

#[test]
fn a_field_that_comes_twice_or_not_at_all_makes_the_frame_unreadable() {
    for fields in [
        r#""channel":"chat:a""#,
        r#""id":1"#,
        r#""id":1,"id":1,"channel":"chat:a""#,
        r#""id":-1,"channel":"chat:a""#,
        r#""id":4294967296,"channel":"chat:a""#,
        r#""id":1.5,"channel":"chat:a""#,
        r#""id":null,"channel":"chat:a""#,
        r#""id":1,"channel":"nowhere""#,
        r#""id":1,"channel":"chat:a","last":18446744073709551616"#,
        r#""id":1,"channel":"chat:a","since":["1-9F3A01BC"]"#,
    ] {
        let message = format!(r#"{{"subscribe":{{{fields}}}}}"#);
        let heard = Codec::Json.decode::<ClientFrame>(message.as_bytes(), MessageLimits::NONE);
        assert!(matches!(heard, Err(BadMessage::Frame { at: 1, .. })), "{message}: {heard:?}");
    }
    let both = br#"{"publish":{"id":1,"channel":"chat:a","data":1,"bytes":""}}"#;
    assert!(Codec::Json.decode::<ClientFrame>(both, MessageLimits::NONE).is_err());
}
