//! Between the socket's messages and the protocol's frames, and what each trouble with them means.

use tidewire_protocol::{
    BadMessage, ChannelName, ClientFrame, CloseCode, Codec, Heard, MessageLimits, RequestId,
};
use tungstenite::{Error, error::ProtocolError};

use super::fragments::TooManyFragments;
use crate::{Closing, Limits};

/// Why the task stops.
pub(super) enum Ending {
    /// The peer has gone.
    Gone,
    /// The peer has said goodbye, and waits for the answer.
    Left,
    /// This side ends it.
    Closing(Closing),
}

impl Ending {
    /// What it is called in the metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Gone | Self::Left => "gone",
            Self::Closing(closing) => closing.code.word(),
        }
    }
}

pub(super) fn decode(
    codec: Codec,
    message: &[u8],
    limits: &Limits,
) -> Result<Vec<Heard<ClientFrame>>, Ending> {
    let limits = MessageLimits { frames: limits.frames_per_message };
    codec.decode(message, limits).map_err(|error| {
        let code = match error {
            BadMessage::TooManyFrames { .. } => CloseCode::TooManyFrames,
            BadMessage::Truncated { .. } | BadMessage::Frame { .. } => CloseCode::Malformed,
        };
        Ending::Closing(Closing::new(code, error.to_string()))
    })
}

pub(super) fn ending_of(error: &Error) -> Ending {
    match error {
        Error::Capacity(error) => Ending::Closing(Closing::new(CloseCode::TooLarge, error.to_string())),
        Error::Utf8(_) => malformed("a text message must be UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Gone,
        Error::Protocol(error) => malformed(&error.to_string()),
        Error::Io(error) => {
            match error.get_ref().and_then(|error| error.downcast_ref::<TooManyFragments>()) {
                Some(error) => Ending::Closing(Closing::new(CloseCode::TooManyFragments, error.to_string())),
                None => Ending::Gone,
            }
        }
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => Ending::Gone,
    }
}

pub(super) fn malformed(reason: &str) -> Ending {
    Ending::Closing(Closing::new(CloseCode::Malformed, reason))
}

pub(super) fn hello_expected(reason: &str) -> Ending {
    Ending::Closing(Closing::new(CloseCode::HelloExpected, reason))
}

pub(super) fn flood() -> Ending {
    Ending::Closing(Closing::new(CloseCode::TooFast, "too much, although requests were refused"))
}

pub(super) fn channel_of(frame: &ClientFrame) -> Option<&ChannelName> {
    match frame {
        ClientFrame::Subscribe(wish) => Some(&wish.channel),
        ClientFrame::Unsubscribe(wish) => Some(&wish.channel),
        ClientFrame::Publish(wish) => Some(&wish.channel),
        ClientFrame::History(wish) => Some(&wish.channel),
        ClientFrame::Presence(wish) => Some(&wish.channel),
        ClientFrame::Hello(_)
        | ClientFrame::Refresh(_)
        | ClientFrame::Ping(_)
        | ClientFrame::Pong(_)
        | ClientFrame::Coalesce(_) => None,
    }
}

pub(super) fn request_of(frame: &ClientFrame) -> Option<RequestId> {
    match frame {
        ClientFrame::Subscribe(wish) => Some(wish.id),
        ClientFrame::Unsubscribe(wish) => Some(wish.id),
        ClientFrame::Publish(wish) => Some(wish.id),
        ClientFrame::History(wish) => Some(wish.id),
        ClientFrame::Presence(wish) => Some(wish.id),
        ClientFrame::Refresh(wish) => Some(wish.id),
        ClientFrame::Hello(_) | ClientFrame::Ping(_) | ClientFrame::Pong(_) | ClientFrame::Coalesce(_) => {
            None
        }
    }
}
