//! What the WebSocket itself must do, whatever travels in it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Client, dial_speaking, node, publish};

#[tokio::test]
async fn many_messages_that_come_in_one_piece_are_all_answered() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    let publishes =
        (1..=500).flat_map(|seq| frame(TEXT, publish("chat:lobby", seq, seq).to_string().as_bytes()));
    ada.stream().write_all(&publishes.collect::<Vec<u8>>()).await.unwrap();
    for _ in 1..=500 {
        ada.hears("published").await;
    }
}

#[tokio::test]
async fn a_message_that_comes_byte_by_byte_is_answered() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    for byte in frame(TEXT, publish("chat:lobby", 1, "slow").to_string().as_bytes()) {
        ada.stream().write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    ada.hears("published").await;
}

#[tokio::test]
async fn a_ping_is_answered_at_once() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    ada.send(Message::Ping("are you there?".into())).await;
    while ada.message().await != Message::Pong("are you there?".into()) {}
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code_and_the_socket_ends() {
    let node = node().await;
    for protocol in ["tidewire.v1.json", "tidewire.v1.postcard", "tidewire.v1.shared"] {
        let mut ada = dial_speaking(node.address, protocol).await.unwrap();
        ada.stream().write_all(&frame(CLOSE, b"\x03\xe8enough")).await.unwrap();
        assert_eq!(rest(&mut ada).await, b"\x88\x08\x03\xe8enough", "{protocol}");
    }
}

#[tokio::test]
async fn a_close_frame_without_a_code_is_answered_without_one() {
    let node = node().await;
    let mut ada = node.dial().await;
    ada.stream().write_all(&frame(CLOSE, b"")).await.unwrap();
    assert_eq!(rest(&mut ada).await, b"\x88\x00");
}

#[tokio::test]
async fn what_was_said_before_comes_before_the_answer_to_a_close_frame() {
    let node = node().await;
    let mut ada = node.connect(1).await;
    ada.subscribes("chat:lobby").await;
    for number in 0..100 {
        node.publishes("chat:lobby", number).await;
    }
    ada.send(Message::Close(None)).await;
    ada.hears_publications(100).await;
    assert_eq!(ada.message().await, Message::Close(None));
}

#[tokio::test]
async fn a_server_that_closes_says_so_once() {
    let node = node().await;
    let mut ada = node.dial().await;
    ada.say_raw("no frame").await;
    let (code, _) = ada.hears_close().await;
    assert_eq!(code, 4500);
    ada.stream().write_all(&frame(CLOSE, &code.to_be_bytes())).await.unwrap();
    assert_eq!(rest(&mut ada).await, b"");
}

/// All that still comes.
async fn rest(client: &mut Client) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reads = client.stream().read_to_end(&mut bytes);
    // Well before the time that a server gives who does not answer its close frame.
    tokio::time::timeout(Duration::from_secs(2), reads).await.expect("no end").expect("an end, and no reset");
    bytes
}

/// A client's frame, masked with zeros (RFC 6455, 5.2).
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length @ ..=125) => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
