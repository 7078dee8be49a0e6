use std::sync::Arc;

use tidewire_protocol::{Position, ResetReason};

use crate::connection::Connection;

/// One connection's subscription, as its channel keeps it.
pub(crate) struct Subscriber {
    pub(crate) connection: Arc<Connection>,
    pub(crate) place: Place,
}

/// How far a subscriber has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the ring's tip: it is sent what arrives.
    Live,
    /// Behind: nothing is queued until its socket has drained, then it goes on after `sent`.
    Behind {
        /// The position last queued.
        sent: Position,
        /// What to say first.
        news: Option<News>,
    },
}

/// What happened to a subscriber's place and is still to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The log went back to its place.
    Rewound,
    /// What followed its former place is gone.
    Reset(ResetReason),
}

impl Place {
    /// Behind, with nothing to say first.
    pub(crate) fn behind(sent: Position) -> Self {
        Self::Behind { sent, news: None }
    }

    /// The place after the log went back to `to`. A reset that is still to be said covers the rewind.
    pub(crate) fn rewound(self, to: Position) -> Self {
        match self {
            Self::Behind { news: news @ Some(News::Reset(_)), .. } => Self::Behind { sent: to, news },
            Self::Live | Self::Behind { news: None | Some(News::Rewound), .. } => {
                Self::Behind { sent: to, news: Some(News::Rewound) }
            }
        }
    }
}
