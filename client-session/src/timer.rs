/// What a session waits for, when it waits for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The application takes too long to fetch a token.
    Token,
    /// Opening a link and being welcomed takes too long.
    Connect,
    /// The next attempt to connect.
    Reconnect,
    /// The server has been silent for too long, or has not answered a probe.
    Liveness,
    /// The move to another node, which the server asked for.
    Handover,
    /// The token must be refreshed.
    Refresh,
    /// The outbox sends something again, lets something go or gives it up.
    Outbox,
    /// A refused subscription is tried again.
    Resubscribe,
    /// A list of who is in a channel is asked for again.
    Presence,
}
