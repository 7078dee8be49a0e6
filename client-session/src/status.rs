use tidewire_protocol::CloseCode;

use crate::{Timestamp, TokenError};

/// How a session stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody asked it to connect.
    #[default]
    Idle,
    /// It fetches a token, opens a link, or waits for the server's welcome.
    Connecting,
    /// The server has welcomed it.
    Live {
        /// The connection's name, for logs.
        connection: String,
        /// The node's name, for logs.
        node: String,
        /// The user that the token named.
        user: Option<String>,
    },
    /// It lost its link, or could not get one, and tries again.
    Waiting {
        /// When.
        until: Timestamp,
        /// What happened.
        why: Loss,
    },
    /// It has ended, until it is told to connect again.
    Ended {
        /// What ended it.
        why: End,
    },
}

/// Why there is no link, for now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The socket closed, or could not be opened.
    #[error("the connection was closed ({}): {reason}", code.unwrap_or(0))]
    Closed {
        /// The WebSocket's close code, where there was one.
        code: Option<u16>,
        /// The close reason, or what the socket failed with.
        reason: String,
    },
    /// The server said nothing for too long.
    #[error("the server fell silent")]
    Silent,
    /// Opening and being welcomed took too long.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server sent something that cannot be read.
    #[error("the server sent something unreadable: {0}")]
    Garbled(String),
    /// There was no token.
    #[error(transparent)]
    Token(TokenError),
}

/// Why a session has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// The application closed it.
    #[error("closed by the application")]
    Application,
    /// The server closed it, with a code that says to stay away.
    #[error("the server ended it: {code}: {reason}")]
    Server {
        /// The close code.
        code: CloseCode,
        /// The close reason.
        reason: String,
    },
    /// The application has no token, for good.
    #[error(transparent)]
    Token(TokenError),
}
