//! What goes over a shared socket: see "Several connections over one socket" in PROTOCOL.md.

use bytes::{Buf, BufMut, Bytes};

use crate::Closing;

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A message of one of its connections.
    Message(u32, Bytes),
    /// One of its connections ends.
    Closes(u32),
    /// Something of a later version.
    Unknown,
}

/// How a server's messages begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message for each of these connections.
    Message = 1,
    /// They have ended.
    Closed = 2,
}

impl Said {
    /// `None` where it cannot be read.
    pub(super) fn read(mut message: Bytes) -> Option<Self> {
        let stream = message.try_get_u32_le().ok()?;
        match message.try_get_u8().ok()? {
            MESSAGE => Some(Self::Message(stream, message)),
            // Half a code is none.
            CLOSES => (message.len() != 1).then_some(Self::Closes(stream)),
            _ => Some(Self::Unknown),
        }
    }
}

/// How a message to these streams begins; they are at most [`MOST_STREAMS`].
pub(super) fn head(kind: Kind, streams: &[u32]) -> Vec<u8> {
    let mut head = Vec::with_capacity(2 + 4 * streams.len());
    head.extend([kind as u8, streams.len() as u8]);
    streams.iter().for_each(|stream| head.put_u32_le(*stream));
    head
}

/// The rest of `closed`.
pub(super) fn closed(closing: &Closing) -> Bytes {
    let mut rest = closing.code.number().to_le_bytes().to_vec();
    rest.extend_from_slice(closing.reason.as_bytes());
    rest.into()
}

/// The same, of a close frame (RFC 6455, 5.5.1), which has its code the other way round.
pub(super) fn closed_as(frame: &[u8]) -> Bytes {
    let mut rest = frame.get(2..).unwrap_or_default().to_vec();
    if let Some(code) = rest.first_chunk_mut::<2>() {
        code.reverse();
    }
    rest.into()
}

/// A client's message, as the WebSocket frame that its connection would read from a socket of its own. The mask is
/// zeros.
pub(super) fn put_frame(frame: &mut Vec<u8>, message: &[u8]) {
    frame.push(0x82);
    match (u8::try_from(message.len()), u16::try_from(message.len())) {
        (Ok(length @ ..=125), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.put_u16(length);
        }
        (_, Err(_)) => {
            frame.push(0x80 | 127);
            frame.put_u64(message.len() as u64);
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(message);
}

/// What stands before a client's message.
pub(super) const HEAD_BYTES: usize = 5;
pub(super) const MOST_STREAMS: usize = u8::MAX as usize;
const MESSAGE: u8 = 1;
const CLOSES: u8 = 2;

#[cfg(test)]
mod tests {
    use tidewire_protocol::CloseCode;

    use super::*;

    #[test]
    fn what_a_client_says_is_read_and_what_is_cut_short_is_not() {
        for (message, said) in [
            (&[7, 0, 0, 0, 1, 9, 9][..], Some(Said::Message(7, Bytes::from_static(&[9, 9])))),
            (&[0, 1, 0, 0, 1], Some(Said::Message(256, Bytes::new()))),
            (&[7, 0, 0, 0, 2], Some(Said::Closes(7))),
            (&[7, 0, 0, 0, 2, 0xe8, 3], Some(Said::Closes(7))),
            (&[7, 0, 0, 0, 2, 0xe8], None),
            (&[7, 0, 0, 0, 3], Some(Said::Unknown)),
            (&[7, 0, 0, 0], None),
            (&[], None),
        ] {
            assert_eq!(Said::read(Bytes::from_static(message)), said, "{message:?}");
        }
    }

    #[test]
    fn a_message_names_its_streams() {
        assert_eq!(head(Kind::Message, &[1, 258]), [1, 2, 1, 0, 0, 0, 2, 1, 0, 0]);
    }

    #[test]
    fn an_end_is_said_with_code_and_reason_whatever_it_came_as() {
        let closing = Closing::new(CloseCode::GoingAway, "bye");
        let said: &[u8] = &[0xa0, 0x0f, b'b', b'y', b'e'];
        assert_eq!(closed(&closing), said);
        assert_eq!(closed_as(&[0x88, 5, 0x0f, 0xa0, b'b', b'y', b'e']), said);
    }
}
