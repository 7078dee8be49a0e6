use tidewire_protocol::ServerFrame;

use crate::{Command, LinkId, TokenError};

/// Everything that a session may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The application wants something.
    Command(Command),
    /// Something happened on a link.
    Link(LinkId, LinkEvent),
    /// The answer to [`Output::FetchToken`](crate::Output::FetchToken); `Ok(None)` where the application has none,
    /// and the client stays anonymous.
    Token(Result<Option<String>, TokenError>),
    /// The network or the page changed.
    Wake(Wake),
    /// The moment of [`Session::deadline`](crate::Session::deadline) has come. Early or superfluous ticks do no
    /// harm.
    Tick,
}

/// What happens on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// The socket is open.
    Opened,
    /// A message arrived: its frames, without those of unknown kinds.
    Received(Vec<ServerFrame>),
    /// A message arrived that cannot be read, for this reason.
    Garbled(String),
    /// The socket is closed, or could not be opened.
    Closed {
        /// The WebSocket's close code, where there was one.
        code: Option<u16>,
        /// The close reason, or what the socket failed with.
        reason: String,
    },
}

/// What a browser or an operating system says of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The page is visible again.
    PageShown,
    /// The page was frozen or kept in the back/forward cache, and goes on.
    Resumed,
    /// There is a network again, or another one.
    Online,
    /// There may be no network; only a hint.
    Offline,
    /// The page is not visible.
    PageHidden,
    /// The clock went on much further than the timers did: the machine slept.
    ClockJumped,
}
