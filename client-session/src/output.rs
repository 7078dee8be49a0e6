use tidewire_protocol::ClientFrame;

use crate::{Event, LinkId};

/// Everything that a session may want of its driver, to be done in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask the application for a token, and answer with [`Input::Token`](crate::Input::Token). A driver whose
    /// application has no tokens answers `Ok(None)` at once.
    FetchToken,
    /// Open a socket, under this number.
    Open(LinkId),
    /// Send these frames as one message.
    Send(LinkId, Vec<ClientFrame>),
    /// Close the socket, or stop opening it, with this close code. Nothing more that happens on it matters.
    Close(LinkId, u16),
    /// Tell the application.
    Notify(Event),
}
