//! What the WebSocket itself must do, whatever travels in it.

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{node, publish};

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
