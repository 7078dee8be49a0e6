use tidewire_protocol::{Advice, RefusalCode};

/// Why a request was not fulfilled; it had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The server refused it for good.
    #[error("{code}: {reason}")]
    Server {
        /// Why, for programs.
        code: RefusalCode,
        /// Why, for people.
        reason: String,
    },
    /// The outbox is full, or too many requests wait for their answers.
    #[error("too much waits for the server already")]
    Overflow,
    /// The namespace is ephemeral and there is no live link.
    #[error("not connected, and the namespace keeps nothing for later")]
    NotLive,
    /// The payload does not fit in one message.
    #[error("the payload does not fit in the {limit} bytes that the server accepts in one message")]
    TooLarge {
        /// How many bytes a message may have.
        limit: u32,
    },
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

impl Refusal {
    /// The refusal as one word, for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Server { code, .. } => code.word(),
            Self::Overflow => "overflow",
            Self::NotLive => "not_live",
            Self::TooLarge { .. } => RefusalCode::TooLarge.word(),
            Self::Ended => "ended",
        }
    }

    /// Whether the application may try the same again later.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Server { code, .. } => code.advice(),
            Self::Overflow | Self::NotLive => Advice::Retry,
            Self::TooLarge { .. } | Self::Ended => Advice::Stop,
        }
    }
}

/// Why nobody knows whether a publication was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It was sent so long ago that the server no longer remembers its publisher; sending it again could make a
    /// second copy.
    #[error("it was sent too long ago to be sent again")]
    TooOld,
    /// It was sent, the link was lost before the answer, and on the next link it was refused.
    #[error("it may have been accepted before it was refused")]
    Refused,
    /// The session ended before the answer.
    #[error("the session ended before the answer")]
    Ended,
    /// The link was lost before the answer, and the namespace is ephemeral: it is not sent again.
    #[error("the link was lost before the answer")]
    LinkLost,
}
