use crate::BadChannelName;

/// Why a frame in the binary codec cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is nothing in it.
    #[error("it has no kind")]
    NoKind,
    /// What stands in it says that it is longer than it is.
    #[error("it ends too early")]
    Short,
    /// A number is larger than it may be.
    #[error("a number is too large")]
    Number,
    /// A byte that says what follows says something unknown.
    #[error("a byte is neither 0 nor 1")]
    Choice,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// A channel's name is not one.
    #[error(transparent)]
    Channel(BadChannelName),
}
