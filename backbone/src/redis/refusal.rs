use redis::{ServerError, ServerErrorKind};

use crate::BackboneError;

/// What Redis' refusal of a command means for its caller.
pub(super) fn refusal(error: &ServerError) -> BackboneError {
    let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
    // What a script says whose slot is on its way to another server.
    let is_passing = is_passing(error) || text.contains("non local key");
    match is_passing {
        true => BackboneError::Unavailable(text),
        false => BackboneError::Refused(text),
    }
}

pub(super) fn unavailable(why: impl ToString) -> BackboneError {
    BackboneError::Unavailable(why.to_string())
}

/// Why nothing can be sent.
pub(super) fn down() -> BackboneError {
    unavailable("there is no link to Redis at the moment")
}

/// Whether the same command may succeed later or elsewhere.
fn is_passing(error: &ServerError) -> bool {
    matches!(
        error.code(),
        "READONLY"
            | "LOADING"
            | "BUSY"
            | "MASTERDOWN"
            | "CLUSTERDOWN"
            | "TRYAGAIN"
            | "MOVED"
            | "ASK"
            | "MISCONF"
            | "NOREPLICAS"
            | "NOSCRIPT"
            | "UNBLOCKED"
    )
}

/// Whether the error says that another server of the cluster has the key, or that nobody has.
pub(super) fn is_redirection(error: &ServerError) -> bool {
    matches!(error.code(), "MOVED" | "ASK" | "TRYAGAIN" | "CLUSTERDOWN")
}

/// Whether the error says that this is the wrong server to talk to by now.
pub(super) fn is_of_a_replica(error: &ServerError) -> bool {
    matches!(error.kind(), Some(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}
