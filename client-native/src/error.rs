use tidewire_session::Refusal;

/// The client is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client is closed")]
pub struct Closed;

/// Why there is no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The question was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}
