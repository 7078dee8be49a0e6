use bytes::Bytes;
use tidewire_protocol::{Codec, ServerFrame};

/// One frame, ready to be sent any number of times.
pub(crate) fn encoded(codec: Codec, frame: &ServerFrame) -> Bytes {
    let mut message = Vec::with_capacity(128);
    codec.encode(frame, &mut message);
    message.into()
}
