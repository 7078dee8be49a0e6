/// Why the application has no token for the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not now: the session asks again later.
    #[error("no token for now: {0}")]
    Unavailable(String),
    /// Never: the session ends.
    #[error("no token: {0}")]
    Refused(String),
}
