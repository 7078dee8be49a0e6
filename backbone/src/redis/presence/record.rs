//! Who is in a channel as bytes, all integers big-endian.
//!
//! ```text
//! lease   node u64, term u32
//! record  lease, body
//! body    user length u16 (0xffff: none), user, 1 and the information, or nothing
//! change  connections u64, users u64, how many joined u32, joined, left
//! each    name length u16, name, body length u32, body
//! ```

use bytes::{Buf, BufMut, Bytes};

use crate::redis::user::{self, take, text};
use crate::{Attendee, BackboneError, Counts, Lease, PresenceChange};

pub(super) fn lease(lease: Lease) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&lease.node.to_be_bytes());
    bytes[8..].copy_from_slice(&lease.term.to_be_bytes());
    bytes
}

/// `None` where it is something else.
pub(super) fn read_lease(mut bytes: &[u8]) -> Option<Lease> {
    (bytes.len() == 12).then(|| Lease { node: bytes.get_u64(), term: bytes.get_u32() })
}

pub(super) fn body(attendee: &Attendee) -> Result<Vec<u8>, BackboneError> {
    let mut bytes = Vec::new();
    user::put(&mut bytes, attendee.user.as_deref())?;
    if let Some(info) = &attendee.info {
        bytes.put_u8(1);
        bytes.put_slice(info.as_bytes());
    }
    Ok(bytes)
}

/// What stands under a name.
pub(super) fn read_record(connection: Bytes, mut record: Bytes) -> Option<Attendee> {
    record.try_get_u64().ok()?;
    record.try_get_u32().ok()?;
    attendee(connection, record)
}

pub(super) fn counts(bytes: &mut Bytes) -> Option<Counts> {
    Some(Counts { connections: bytes.try_get_u64().ok()?, users: bytes.try_get_u64().ok()? })
}

/// What a message says that changed.
pub(in crate::redis) fn change(mut bytes: Bytes) -> Option<PresenceChange> {
    let counts = counts(&mut bytes)?;
    let (mut joined, mut left) = (Vec::new(), Vec::new());
    for _ in 0..bytes.try_get_u32().ok()? {
        joined.push(each(&mut bytes)?);
    }
    while !bytes.is_empty() {
        left.push(each(&mut bytes)?);
    }
    Some(PresenceChange { joined, left, counts })
}

fn each(bytes: &mut Bytes) -> Option<Attendee> {
    let length = bytes.try_get_u16().ok()?.into();
    let name = take(bytes, length)?;
    let length = bytes.try_get_u32().ok()?.try_into().ok()?;
    attendee(name, take(bytes, length)?)
}

fn attendee(connection: Bytes, mut body: Bytes) -> Option<Attendee> {
    let user = user::read(&mut body)?;
    let info = match body.try_get_u8() {
        Ok(_) => Some(text(body)?),
        Err(_) => None,
    };
    Some(Attendee { connection: text(connection)?, user, info })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        for (user, info) in
            [(None, None), (Some("ada"), None), (None, Some("")), (Some(""), Some("\"blue\""))]
        {
            let attendee = Attendee {
                connection: "9f3a01bc5f1d03c2-17".into(),
                user: user.map(str::to_owned),
                info: info.map(str::to_owned),
            };
            let mut record = lease(Lease { node: 1, term: 2 }).to_vec();
            record.extend(body(&attendee).unwrap());
            assert_eq!(read_record("9f3a01bc5f1d03c2-17".into(), record.into()), Some(attendee));
        }
    }

    #[test]
    fn a_cut_change_is_no_change() {
        let mut whole = vec![0; 16];
        whole.put_u32(1);
        whole.put_slice(b"\0\x01n\0\0\0\x03\0\x01a");
        assert!(change(whole.clone().into()).is_some());
        for length in 0..whole.len() {
            assert_eq!(change(Bytes::copy_from_slice(&whole[..length])), None);
        }
    }
}
