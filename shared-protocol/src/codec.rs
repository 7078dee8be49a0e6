//! Frames as bytes, and back.

pub mod binary;
pub mod json;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kinds::Kinds;

/// How frames are written. Both codecs serve the same types; a WebSocket message holds one or more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Length-prefixed postcard frames in binary messages; what the SDKs speak.
    Binary,
    /// Lines of JSON in text messages; for people, third parties and debugging.
    Json,
}

impl Codec {
    /// Both, in the order in which a server prefers them.
    pub const ALL: [Self; 2] = [Self::Binary, Self::Json];

    /// The WebSocket subprotocol that names the codec and the protocol's version.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Binary => "tidewire.v1.postcard",
            Self::Json => "tidewire.v1.json",
        }
    }

    /// The codec that a subprotocol names.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.subprotocol() == name)
    }

    /// Appends one frame to a message.
    pub fn encode<F: Frame>(self, frame: &F, message: &mut Vec<u8>) {
        match self {
            Self::Binary => binary::encode(frame, message),
            Self::Json => json::encode(frame, message),
        }
    }

    /// Reads all frames of a message. One unreadable frame makes the message bad.
    ///
    /// # Errors
    /// What is wrong with the message, in words for its sender.
    pub fn decode<F: Frame>(
        self,
        message: &[u8],
        limits: MessageLimits,
    ) -> Result<Vec<Heard<F>>, BadMessage> {
        match self {
            Self::Binary => binary::decode(message, limits),
            Self::Json => json::decode(message, limits),
        }
    }
}

/// A frame of one direction: [`ClientFrame`](crate::ClientFrame) or [`ServerFrame`](crate::ServerFrame).
pub trait Frame: Kinds + Serialize + DeserializeOwned {
    /// The kinds of this version, as JSON names them, in the order of their binary numbers.
    const KINDS: &'static [&'static str];
}

/// One frame of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<F> {
    /// A frame of a kind that this version knows.
    Frame(F),
    /// A frame of another kind, by its name or number: a client skips it, a server refuses it.
    UnknownKind(String),
}

/// What a reader accepts in one message.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// How many frames.
    pub frames: usize,
}

impl MessageLimits {
    /// No limit: for a client, which trusts its server.
    pub const NONE: Self = Self { frames: usize::MAX };
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// It holds more frames than the reader accepts.
    #[error("a message holds at most {limit} frames here")]
    TooManyFrames {
        /// How many it may hold.
        limit: usize,
    },
    /// A frame's length reaches past the end of the message.
    #[error("frame {at} is longer than its message")]
    Truncated {
        /// Which frame, counted from 1.
        at: usize,
    },
    /// A frame's content is not what its kind has.
    #[error("frame {at} cannot be read: {why}")]
    Frame {
        /// Which frame, counted from 1.
        at: usize,
        /// What is wrong.
        why: String,
    },
}
