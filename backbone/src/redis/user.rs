//! A user, or that there is none, as bytes: length u16 (0xffff: none), user.

use bytes::{Buf, BufMut, Bytes};

use crate::BackboneError;

const NONE: u16 = u16::MAX;

pub(super) fn put(bytes: &mut Vec<u8>, user: Option<&str>) -> Result<(), BackboneError> {
    let Some(user) = user else {
        bytes.put_u16(NONE);
        return Ok(());
    };
    let length = u16::try_from(user.len()).ok().filter(|&length| length != NONE);
    bytes.put_u16(length.ok_or_else(|| BackboneError::Refused("the user's name is too long".into()))?);
    bytes.put_slice(user.as_bytes());
    Ok(())
}

/// `None` where it is something else.
pub(super) fn read(bytes: &mut Bytes) -> Option<Option<String>> {
    match bytes.try_get_u16().ok()? {
        NONE => Some(None),
        length => text(take(bytes, length.into())?).map(Some),
    }
}

pub(super) fn take(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (bytes.len() >= length).then(|| bytes.split_to(length))
}

pub(super) fn text(bytes: Bytes) -> Option<String> {
    String::from_utf8(bytes.into()).ok()
}
