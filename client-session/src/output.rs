use tidewire_protocol::{ChannelName, ClientFrame, Payload};

use crate::{Event, LinkId, PublishId, PublishName};

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
    /// Store a publication where it outlives the session, in place of what is stored of it; only in a session that
    /// is [durable](crate::SessionConfig::durable). What is told of the publication at last ends the need for it.
    Store {
        /// The driver's number for it.
        publish: PublishId,
        /// The channel.
        channel: ChannelName,
        /// What is published.
        payload: Payload,
        /// Without a name it was never sent: publish it anew. With one it is sent after [`Command::Stored`], and
        /// needs [`Command::Restore`] in a later session.
        ///
        /// [`Command::Stored`]: crate::Command::Stored
        /// [`Command::Restore`]: crate::Command::Restore
        name: Option<PublishName>,
    },
    /// Tell the application.
    Notify(Event),
}
