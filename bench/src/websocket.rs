//! As much of RFC 6455 as a generator of load needs.

use anyhow::bail;

/// The request that asks for an upgrade.
pub(crate) fn upgrade(host: std::net::SocketAddr, path: &str, subprotocol: Option<&str>) -> Vec<u8> {
    let subprotocol = subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{subprotocol}\r\n"
    )
    .into_bytes()
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text = 1,
    Binary = 2,
}

/// Appends a client's message. Its mask is zero: as good as any to a server, and nothing to compute here.
pub(crate) fn client_message(kind: Kind, payload: &[u8], bytes: &mut Vec<u8>) {
    head(kind, payload.len(), 0x80, bytes);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
}

/// A client's message of text.
pub(crate) fn client_text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    client_message(Kind::Text, text.as_bytes(), &mut bytes);
    bytes
}

/// Appends a server's message.
pub(crate) fn server_message(kind: Kind, payload: &[u8], bytes: &mut Vec<u8>) {
    head(kind, payload.len(), 0, bytes);
    bytes.extend_from_slice(payload);
}

/// Takes the next whole message off the front, unmasked; `None` where more must come first.
///
/// # Errors
/// It is a close: its code and reason.
pub(crate) fn take_message(bytes: &mut Vec<u8>) -> anyhow::Result<Option<Vec<u8>>> {
    let is_close = bytes.first().is_some_and(|first| first & 0x0f == 8);
    match take_any(bytes) {
        Some(payload) if is_close => {
            let (code, reason) = payload.split_at_checked(2).unwrap_or_default();
            let code = code.iter().fold(0, |code, &byte| code << 8 | u32::from(byte));
            bail!("the server closed: {code} {}", String::from_utf8_lossy(reason))
        }
        message => Ok(message),
    }
}

fn take_any(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let masked = bytes.get(1)? & 0x80 != 0;
    let (length, mut at) = match bytes.get(1)? & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let mut mask = [0; 4];
    if masked {
        mask.copy_from_slice(bytes.get(at..at + 4)?);
        at += 4;
    }
    let mut payload = bytes.get(at..at + length)?.to_vec();
    for (byte, mask) in payload.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
    bytes.drain(..at + length);
    Some(payload)
}

/// Takes the head of an HTTP request or response off the front; `None` where more must come first.
pub(crate) fn take_http_head(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    Some(bytes.drain(..end).collect())
}

fn head(kind: Kind, length: usize, mask: u8, bytes: &mut Vec<u8>) {
    bytes.push(0x80 | kind as u8);
    match length {
        0..126 => bytes.push(mask | length as u8),
        126..0x1_0000 => {
            bytes.push(mask | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_comes_back() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            let mut bytes = Vec::new();
            client_message(Kind::Binary, &payload, &mut bytes);
            server_message(Kind::Text, &payload, &mut bytes);
            assert_eq!(take_message(&mut bytes).ok().flatten(), Some(payload.clone()));
            assert_eq!(take_message(&mut bytes).ok().flatten(), Some(payload));
            assert_eq!(take_message(&mut bytes).ok().flatten(), None);
        }
    }

    #[test]
    fn a_close_is_an_error_that_says_why() {
        let mut bytes = vec![0x88, 5, 0x0f, 0xa1];
        bytes.extend_from_slice(b"bye");
        assert_eq!(
            take_message(&mut bytes).map_err(|error| error.to_string()),
            Err("the server closed: 4001 bye".into())
        );
    }
}
