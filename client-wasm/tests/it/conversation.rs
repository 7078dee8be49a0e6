use tidewire_protocol::{
    Alias, ClientFrame, Delivery, Payload, Position, PublicationId, Published, RequestId, ServerFrame,
    Subscribed, Tag,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, welcome};

const MESSAGES: u8 = 4;
const PUBLISHED: u8 = 7;
const FAILED: u8 = 9;

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

fn subscribe(stage: &Stage) -> RequestId {
    stage.driver.subscribe(7, "chat:lobby", 0, None);
    match stage.sent().as_slice() {
        [ClientFrame::Subscribe(frame)] => frame.id,
        other => panic!("expected one subscribe, not {other:?}"),
    }
}

#[wasm_bindgen_test]
fn it_opens_a_binary_socket_and_says_hello_with_its_subscriptions_in_one_message() {
    let stage = Stage::at("ws://localhost/v1/connect");
    stage.driver.subscribe(7, "chat:lobby", 5, None);
    stage.driver.connect();
    stage.driver.token(Some("secret".to_owned()));

    assert_eq!(stage.props.opens(), "ws://localhost/v1/connect tidewire.v1.postcard arraybuffer");
    match stage.sent().as_slice() {
        [ClientFrame::Hello(hello), ClientFrame::Subscribe(subscribe)] => {
            assert_eq!(hello.sdk, "web/test");
            assert_eq!(hello.token.as_deref(), Some("secret"));
            assert_eq!(subscribe.channel.as_str(), "chat:lobby");
            assert_eq!(subscribe.last, 5);
        }
        other => panic!("expected hello and subscribe, not {other:?}"),
    }
}

#[wasm_bindgen_test]
fn two_clients_have_different_publishers() {
    let publisher = || {
        let stage = Stage::at("ws://localhost/v1/connect");
        stage.driver.connect();
        stage.driver.token(None);
        stage.props.opens();
        match stage.sent().into_iter().next() {
            Some(ClientFrame::Hello(hello)) => hello.publisher.unwrap(),
            other => panic!("expected hello, not {other:?}"),
        }
    };
    assert_ne!(publisher(), publisher());
}

#[wasm_bindgen_test]
fn a_message_of_many_frames_is_told_in_one_batch() {
    let stage = Stage::live();
    let id = subscribe(&stage);
    stage.receives(&[subscribed(id)]);
    stage.heard();

    stage.receives(&[publication(41, r#"{"text":"hi"}"#), publication(42, "2")]);

    let batch = stage.heard();
    let mut expected = vec![MESSAGES, 7, 0, 0, 0, 0, 2, 0, 0, 0];
    for (offset, text) in [(41_u32, r#"{"text":"hi"}"#), (42, "2")] {
        expected.extend(f64::from(offset).to_le_bytes());
        expected.extend(0x9f3a_01bc_u32.to_le_bytes());
        expected.extend(offset.to_le_bytes());
        expected.extend([0, 0, 0, 0, 3, 0, 0, 0]);
        expected.extend(b"ada\0");
        expected.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        expected.extend(text.as_bytes());
    }
    assert_eq!(batch, expected);
    assert!(stage.heard().is_empty());
}

#[wasm_bindgen_test]
fn a_publish_goes_out_as_it_is_and_its_answer_comes_back_under_its_number() {
    let stage = Stage::live();
    stage.driver.publish_json(3, "chat:lobby", br#"{"text":"hi"}"#.to_vec());

    let sent = stage.sent();
    let [ClientFrame::Publish(publish)] = sent.as_slice() else { panic!("expected a publish, not {sent:?}") };
    assert_eq!(publish.payload, Payload::Json(r#"{"text":"hi"}"#.into()));
    stage.receives(&[ServerFrame::Published(Published { id: publish.id, position: Some(position(41)) })]);

    assert_eq!(stage.heard()[..6], [PUBLISHED, 3, 0, 0, 0, 1]);
}

#[wasm_bindgen_test]
fn bytes_are_published_as_bytes() {
    let stage = Stage::live();
    stage.driver.publish_binary(3, "chat:lobby", vec![1, 2, 255]);

    let sent = stage.sent();
    let [ClientFrame::Publish(publish)] = sent.as_slice() else { panic!("expected a publish, not {sent:?}") };
    assert_eq!(publish.payload, Payload::Binary(vec![1, 2, 255].into()));
}

#[wasm_bindgen_test]
fn what_cannot_be_parsed_is_refused_under_its_number() {
    let stage = Stage::live();
    stage.driver.subscribe(7, "no channel", 0, None);
    stage.driver.history(8, "chat:lobby", Some("no position".to_owned()), 0);

    for (id, code) in [(7, "bad_channel"), (8, "bad_position")] {
        let batch = stage.heard();
        assert_eq!(batch[..5], [FAILED, id, 0, 0, 0]);
        assert_eq!(&batch[9..9 + code.len()], code.as_bytes());
    }
    assert!(stage.sent().is_empty());
}

#[wasm_bindgen_test]
fn a_message_that_cannot_be_read_ends_the_connection_and_not_the_client() {
    let stage = Stage::live();
    stage.receives_bytes(&[0xff, 0xff, 0xff]);

    assert!(stage.props.is_deaf());
    assert!(!stage.heard().is_empty());
}

#[wasm_bindgen_test]
fn a_text_message_ends_the_connection() {
    let stage = Stage::live();
    stage.props.receives_text("hello");
    assert!(stage.props.is_deaf());
}

#[wasm_bindgen_test]
async fn a_lost_socket_is_followed_by_another() {
    let stage = Stage::live();
    stage.props.closes(1006, "");
    assert!(stage.props.is_deaf());

    stage.driver.token(None);
    assert!(stage.props.until_sockets(2).await.is_truthy());
    stage.props.opens();
    stage.receives(&[welcome()]);
    assert!(matches!(stage.sent().as_slice(), [ClientFrame::Hello(_), ..]));
}

#[wasm_bindgen_test]
fn a_browser_that_refuses_to_open_a_socket_is_a_lost_connection() {
    let stage = Stage::at("ws://refused/v1/connect");
    stage.driver.connect();
    stage.driver.token(None);

    let mut told = Vec::new();
    while let batch @ [_, ..] = stage.heard().as_slice() {
        told.extend_from_slice(batch);
    }
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.contains("not from here"), "{told}");
}

#[wasm_bindgen_test]
fn close_closes_the_socket_and_listens_no_more() {
    let stage = Stage::live();
    stage.driver.close();

    assert!(stage.props.is_deaf());
    assert!(stage.props.close_codes().starts_with("1000"), "{}", stage.props.close_codes());
}
