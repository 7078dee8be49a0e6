//! What stands in the stream and travels by pub/sub: compact bytes, all integers big-endian.
//!
//! ```text
//! entry      1, offset u64, tag hex8, tag before hex8, missing u64, bytes before u64, body
//! announced  2, offset u64, tag hex8
//! ephemeral  3, content
//! presence   4, change (see `presence::record`)
//! body       publisher u64, seq u64, content
//! content    payload kind u8 (0 JSON, 1 binary), user length u16 (0xffff: none), user, payload
//! ```

use bytes::{Buf, BufMut, Bytes};
use tidewire_protocol::{Payload, Position, PublisherId, Tag};

use super::presence::record;
use super::user;
use crate::{BackboneError, Draft, Entry, EphemeralPublication, PresenceChange};

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// An entry, and the position before it.
    Entry { before: Position, entry: Entry },
    /// An entry too large to travel.
    Announced(Position),
    /// An ephemeral publication.
    Ephemeral(EphemeralPublication),
    /// Somebody joined or left.
    Presence(PresenceChange),
}

const ENTRY: u8 = 1;
const ANNOUNCED: u8 = 2;
const EPHEMERAL: u8 = 3;
const PRESENCE: u8 = 4;
const JSON: u8 = 0;
const BINARY: u8 = 1;

impl Message {
    /// Reads a message; `None` where it is none.
    pub(super) fn decode(mut bytes: Bytes) -> Option<Self> {
        match bytes.try_get_u8().ok()? {
            ENTRY => {
                let position = position(&mut bytes)?;
                let before = Position { offset: position.offset.checked_sub(1)?, tag: tag(&mut bytes)? };
                let missing = bytes.try_get_u64().ok()?;
                bytes.try_get_u64().ok()?;
                let publisher = PublisherId(bytes.try_get_u64().ok()?);
                let seq = bytes.try_get_u64().ok()?;
                let (payload, user) = content(bytes)?;
                Some(Self::Entry {
                    before,
                    entry: Entry { position, publisher, seq, missing, payload, user },
                })
            }
            ANNOUNCED => position(&mut bytes).map(Self::Announced),
            EPHEMERAL => {
                let (payload, user) = content(bytes)?;
                Some(Self::Ephemeral(EphemeralPublication { payload, user }))
            }
            PRESENCE => record::change(bytes).map(Self::Presence),
            _ => None,
        }
    }
}

/// The body of a draft.
pub(super) fn body(draft: &Draft) -> Result<Vec<u8>, BackboneError> {
    let mut bytes = Vec::with_capacity(19 + weight(draft));
    bytes.put_u64(draft.publisher.0);
    bytes.put_u64(draft.seq);
    put_content(&mut bytes, draft)?;
    Ok(bytes)
}

/// A draft as an ephemeral message.
pub(super) fn ephemeral(draft: &Draft) -> Result<Vec<u8>, BackboneError> {
    let mut bytes = Vec::with_capacity(4 + weight(draft));
    bytes.put_u8(EPHEMERAL);
    put_content(&mut bytes, draft)?;
    Ok(bytes)
}

/// What the publish script answered, as the word that the log took an entry; `None` where it has none.
pub(super) fn announcement(answer: &[u8]) -> Option<Vec<u8>> {
    let at = answer.strip_prefix(b"+").or_else(|| answer.strip_prefix(b"="))?.get(..16)?;
    Some([&[ANNOUNCED], at].concat())
}

/// As [`Entry::weight`].
pub(super) fn weight(draft: &Draft) -> usize {
    draft.payload.bytes().len() + draft.user.as_ref().map_or(0, String::len)
}

/// Reads a position: the offset and eight hexadecimal digits.
pub(super) fn position(bytes: &mut Bytes) -> Option<Position> {
    Some(Position { offset: bytes.try_get_u64().ok()?, tag: tag(bytes)? })
}

fn tag(bytes: &mut Bytes) -> Option<Tag> {
    let digits = user::take(bytes, 8)?;
    u32::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok().map(Tag)
}

fn content(mut bytes: Bytes) -> Option<(Payload, Option<String>)> {
    let kind = bytes.try_get_u8().ok()?;
    let user = user::read(&mut bytes)?;
    match kind {
        JSON => Some((Payload::Json(bytes), user)),
        BINARY => Some((Payload::Binary(bytes), user)),
        _ => None,
    }
}

fn put_content(bytes: &mut Vec<u8>, draft: &Draft) -> Result<(), BackboneError> {
    bytes.put_u8(match draft.payload {
        Payload::Json(_) => JSON,
        Payload::Binary(_) => BINARY,
    });
    user::put(bytes, draft.user.as_deref())?;
    bytes.put_slice(draft.payload.bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was_published() {
        let draft = draft(Some("ada"));
        let mut bytes = vec![ENTRY];
        bytes.put_u64(42);
        bytes.put_slice(b"9f3a01bc00000007");
        bytes.put_u64(2);
        bytes.put_u64(1000);
        bytes.extend(body(&draft).unwrap());
        let Draft { publisher, seq, payload, user, .. } = draft;
        let position = Position { offset: 42, tag: Tag(0x9f3a_01bc) };
        assert_eq!(
            Message::decode(bytes.into()),
            Some(Message::Entry {
                before: Position { offset: 41, tag: Tag(7) },
                entry: Entry { position, publisher, seq, missing: 2, payload, user },
            })
        );
    }

    #[test]
    fn an_ephemeral_publication_comes_back_as_it_was_published() {
        let draft = draft(None);
        let message = Message::decode(ephemeral(&draft).unwrap().into());
        let expected = EphemeralPublication { payload: draft.payload, user: None };
        assert_eq!(message, Some(Message::Ephemeral(expected)));
    }

    #[test]
    fn a_cut_message_is_no_message() {
        let whole = ephemeral(&draft(Some("ada"))).unwrap();
        for length in 0..7 {
            assert_eq!(Message::decode(Bytes::copy_from_slice(&whole[..length])), None);
        }
    }

    fn draft(user: Option<&str>) -> Draft {
        Draft {
            publisher: PublisherId(7),
            seq: 3,
            payload: Payload::Binary("\0\u{1}".into()),
            user: user.map(str::to_owned),
            force: false,
        }
    }
}
