//! The smallest HTTP client that shows everything.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `code` and `reason` of a refusal.
    pub(crate) fn refusal(&self) -> (String, String) {
        let json = self.json();
        (json["code"].as_str().unwrap().to_owned(), json["reason"].as_str().unwrap().to_owned())
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    request(address, "GET", path, headers, "").await
}

pub(crate) async fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    request(address, "POST", path, headers, body).await
}

async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "host") {
        text.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    // A server that refuses early may close before it has read all.
    let _ = socket.write_all(format!("{text}\r\n{body}").as_bytes()).await;
    let mut answer = Vec::new();
    while socket.read_buf(&mut answer).await.is_ok_and(|bytes| bytes > 0) {
        // After an upgrade, nothing of HTTP follows.
        if answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    Reply {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.to_lowercase(),
        body: body.to_owned(),
    }
}
