use tidewire_session::Refusal;

/// The client is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client is closed")]
pub struct Closed;

/// Why a question has no answer: for history, or for who is in a channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The question was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}
