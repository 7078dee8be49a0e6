use tidewire_protocol::codec::binary;
use tidewire_protocol::{
    Alias, ClientFrame, Delivery, Payload, Position, PublicationId, Publish, Published, PublisherId,
    RequestId, ServerFrame, Subscribed, Tag,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{
    CLOSE, CLOSED, CONNECT, Done, HISTORY, LINK, OPENED, PUBLISH_BINARY, PUBLISH_JSON, RECEIVED,
    RESTORE_BINARY, RESTORE_JSON, RESUMED, STORED, SUBSCRIBE, Stage, TICK, TOKEN, Told,
};

const STATUS: u8 = 0;
const MESSAGES: u8 = 4;
const PUBLISHED: u8 = 7;
const FAILED: u8 = 9;
const BAD_CHANNEL: u8 = 108;

fn position(offset: u64) -> Position {
    Position { offset, tag: Tag(0x9f3a_01bc) }
}

fn subscribed(id: RequestId) -> ServerFrame {
    ServerFrame::Subscribed(Subscribed {
        id,
        channel: "chat:lobby".parse().unwrap(),
        alias: Alias(12),
        position: position(40),
        from: Some(position(40)),
        replay: Vec::new(),
        reset: None,
    })
}

fn publication(offset: u64, text: &str) -> ServerFrame {
    ServerFrame::Publication(Delivery {
        alias: Alias(12),
        position: position(offset),
        id: PublicationId(u32::try_from(offset).unwrap()),
        payload: Payload::Json(text.to_owned().into()),
        user: Some("ada".to_owned()),
        missing: 0,
    })
}

fn subscribe(stage: &mut Stage) -> RequestId {
    let done = stage.tells(&Told { kind: SUBSCRIBE, id: 7, text: "chat:lobby", ..Told::default() });
    match done.as_slice() {
        [Done::Send(LINK, frames)] => match frames.as_slice() {
            [ClientFrame::Subscribe(frame)] => frame.id,
            other => panic!("expected one subscribe, not {other:?}"),
        },
        other => panic!("expected one message, not {other:?}"),
    }
}

fn told(kind: u8, id: u32) -> Told<'static> {
    Told { kind, id, ..Told::default() }
}

#[wasm_bindgen_test]
fn it_opens_a_link_and_says_hello_with_its_subscriptions_in_one_message() {
    let mut stage = Stage::new(7);
    stage.tells(&Told { kind: SUBSCRIBE, id: 7, text: "chat:lobby", count: 5, ..Told::default() });
    stage.tells(&told(CONNECT, 0));
    let done = stage.tells(&Told { kind: TOKEN, text: "secret", ..Told::default() });
    assert_eq!(done, [Done::Open(LINK)]);

    match stage.tells(&told(OPENED, LINK)).as_slice() {
        [Done::Send(LINK, frames)] => match frames.as_slice() {
            [ClientFrame::Hello(hello), ClientFrame::Subscribe(subscribe)] => {
                assert_eq!(hello.sdk, concat!("web/", env!("CARGO_PKG_VERSION")));
                assert_eq!(hello.token.as_deref(), Some("secret"));
                assert_eq!(subscribe.channel.as_str(), "chat:lobby");
                assert_eq!(subscribe.last, 5);
            }
            other => panic!("expected hello and subscribe, not {other:?}"),
        },
        other => panic!("expected one message, not {other:?}"),
    }
}

#[wasm_bindgen_test]
fn a_message_of_many_frames_is_told_in_one_batch() {
    let mut stage = Stage::live();
    let id = subscribe(&mut stage);
    stage.receives(&[subscribed(id)]);

    let done = stage.receives(&[publication(41, r#"{"text":"hi"}"#), publication(42, "2")]);

    let mut expected = vec![MESSAGES, 7, 0, 0, 0, 0, 2, 0, 0, 0];
    for _ in [41, 42] {
        expected.extend([11, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
    }
    for text in [r#"{"text":"hi"}"#, "2"] {
        expected.push(0);
        expected.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    }
    assert_eq!(
        done,
        [Done::Events(
            expected,
            br#"41-9f3a01bc00000029ada42-9f3a01bc0000002aada[{"text":"hi"},2]"#.to_vec()
        )]
    );
}

#[wasm_bindgen_test]
fn a_publish_goes_out_as_it_is_and_its_answer_comes_back_under_its_number() {
    for (kind, payload) in [
        (PUBLISH_JSON, Payload::Json(r#"{"text":"hi"}"#.into())),
        (PUBLISH_BINARY, Payload::Binary(vec![1, 2, 255].into())),
    ] {
        let mut stage = Stage::live();
        let told = Told { kind, id: 3, text: "chat:lobby", bytes: payload.bytes(), ..Told::default() };
        let done = stage.tells(&told);
        let [Done::Send(LINK, frames)] = done.as_slice() else { panic!("expected a message, not {done:?}") };
        let [ClientFrame::Publish(publish)] = frames.as_slice() else {
            panic!("expected a publish, not {frames:?}")
        };
        assert_eq!(publish.payload, payload);

        let answer = Published { id: publish.id, position: Some(position(41)) };
        let done = stage.receives(&[ServerFrame::Published(answer)]);
        assert!(
            matches!(&done[..], [Done::Events(events, _)] if events[..] == [PUBLISHED, 3, 0, 0, 0, 11, 0, 0, 0])
        );
    }
}

#[wasm_bindgen_test]
fn a_question_names_its_position() {
    let mut stage = Stage::live();
    let since = Some((41, 0x9f3a_01bc));
    let done =
        stage.tells(&Told { kind: HISTORY, id: 8, text: "chat:lobby", count: 5, since, ..Told::default() });
    let [Done::Send(LINK, frames)] = done.as_slice() else { panic!("expected a message, not {done:?}") };
    let [ClientFrame::History(history)] = frames.as_slice() else {
        panic!("expected a question, not {frames:?}")
    };
    assert_eq!((history.since, history.limit), (Some(position(41)), 5));
}

#[wasm_bindgen_test]
fn what_names_no_channel_is_refused_under_its_number() {
    for kind in [SUBSCRIBE, PUBLISH_JSON, HISTORY] {
        let mut stage = Stage::live();
        let done = stage.tells(&Told { kind, id: 7, text: "no channel", ..Told::default() });
        assert!(
            matches!(&done[..], [Done::Events(events, _)] if events[..7] == [FAILED, 7, 0, 0, 0, 0, BAD_CHANNEL])
        );
    }
}

#[wasm_bindgen_test]
fn a_message_that_cannot_be_read_ends_the_link_and_not_the_session() {
    let mut stage = Stage::live();
    let done = stage.tells(&Told { kind: RECEIVED, id: LINK, bytes: &[0xff], ..Told::default() });
    assert!(matches!(&done[..], [Done::Close(LINK, 4500), Done::Events(..)]));
    assert!(stage.due.is_finite());
}

#[wasm_bindgen_test]
fn a_lost_link_is_followed_by_another() {
    let mut stage = Stage::live();
    let done = stage.tells(&Told { kind: CLOSED, id: LINK, count: 1006, text: "gone", ..Told::default() });
    let [Done::Events(events, texts)] = &done[..] else { panic!("expected a status, not {done:?}") };
    assert_eq!(events[..2], [STATUS, 3]);
    assert!(texts.ends_with(b"gone"));

    stage.now = stage.due;
    let done = stage.tells(&told(TICK, 0));
    assert!(done.contains(&Done::Open(LINK + 1)), "{done:?}");
}

#[wasm_bindgen_test]
fn a_page_that_was_frozen_probes_its_link() {
    let mut stage = Stage::live();
    let done = stage.tells(&told(RESUMED, 0));
    assert!(matches!(&done[..], [Done::Send(LINK, frames)] if matches!(frames[..], [ClientFrame::Ping(_)])));
}

#[wasm_bindgen_test]
fn a_closed_session_closes_its_link_and_wants_nothing_more() {
    let mut stage = Stage::live();
    let done = stage.tells(&told(CLOSE, 0));
    assert!(matches!(&done[..], [Done::Close(LINK, 1000), Done::Events(..)]));
    assert!(stage.due.is_infinite());
}

const STORE: u8 = 18;
/// After kind and number, the channel's length, and the payload's kind and length.
const NAME_AT: usize = 5 + 4 + 1 + 4;

#[wasm_bindgen_test]
fn what_is_published_is_to_be_stored_before_it_is_sent() {
    let mut stage = Stage::durable();
    stage.connects();
    let told = Told { kind: PUBLISH_JSON, id: 3, text: "chat:lobby", bytes: b"1", ..Told::default() };
    let done = stage.tells(&told);
    let [Done::Events(events, texts)] = &done[..] else { panic!("expected events alone, not {done:?}") };
    assert_eq!(texts, b"chat:lobby1chat:lobby1");
    let (unnamed, named) = events.split_at(NAME_AT + 4);
    assert_eq!(unnamed[..5], [STORE, 3, 0, 0, 0]);
    assert_eq!(unnamed[NAME_AT..], [0, 0, 0, 0]);
    assert_eq!(named[..NAME_AT], unnamed[..NAME_AT]);
    assert_eq!(named[NAME_AT..NAME_AT + 4], [16, 0, 0, 0]);

    let name = &named[NAME_AT + 4..];
    let done = stage.tells(&Told { kind: STORED, id: 3, bytes: name, ..Told::default() });
    let [Done::Send(LINK, frames)] = &done[..] else { panic!("expected a message, not {done:?}") };
    assert!(matches!(&frames[..], [ClientFrame::Publish(publish)] if publish.seq == 1));
}

#[wasm_bindgen_test]
fn what_was_stored_is_sent_under_its_old_name() {
    let name = [77_u64.to_le_bytes(), 4_u64.to_le_bytes()].concat();
    for (kind, payload) in
        [(RESTORE_JSON, Payload::Json("1".into())), (RESTORE_BINARY, Payload::Binary(vec![1, 2, 255].into()))]
    {
        let mut stage = Stage::durable();
        let bytes = [&name[..], payload.bytes()].concat();
        stage.tells(&Told { kind, id: 3, text: "chat:lobby", bytes: &bytes, ..Told::default() });
        let done = stage.connects();
        let [Done::Events(events, _)] = &done[..] else { panic!("expected one answer, not {done:?}") };

        let mut message = Vec::new();
        let publish = Publish {
            id: RequestId(1),
            channel: "chat:lobby".parse().unwrap(),
            seq: 4,
            payload,
            force: false,
            publisher: Some(PublisherId(77)),
        };
        binary::encode(&ClientFrame::Publish(publish), &mut message);
        assert!(events.ends_with(&message), "{events:?}");
    }
}
