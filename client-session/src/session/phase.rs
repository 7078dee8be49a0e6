use super::link::{Link, LiveLink};
use crate::{End, Loss, Status, Timer, Timestamp};

/// Where a session is on its way to a live link.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nobody asked it to connect.
    Idle,
    /// The application fetches a token.
    FetchingToken { until: Timestamp },
    /// The socket opens.
    Opening { link: Link, until: Timestamp },
    /// Hello is said; the welcome has not come.
    Greeting { link: Link, until: Timestamp },
    /// The server has welcomed us.
    Live(LiveLink),
    /// The next attempt comes later.
    Waiting { until: Timestamp, why: Loss },
    /// It is over, until the application connects again.
    Ended { why: End },
}

impl Phase {
    /// The link that this phase is about.
    pub(super) const fn link(&self) -> Option<&Link> {
        match self {
            Self::Opening { link, .. } | Self::Greeting { link, .. } => Some(link),
            Self::Live(live) => Some(&live.link),
            Self::Idle | Self::FetchingToken { .. } | Self::Waiting { .. } | Self::Ended { .. } => None,
        }
    }

    /// The same, to be changed.
    pub(super) const fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            Self::Opening { link, .. } | Self::Greeting { link, .. } => Some(link),
            Self::Live(live) => Some(&mut live.link),
            Self::Idle | Self::FetchingToken { .. } | Self::Waiting { .. } | Self::Ended { .. } => None,
        }
    }

    pub(super) fn deadline(&self) -> (Timestamp, Timer) {
        match self {
            Self::FetchingToken { until } => (*until, Timer::Token),
            Self::Opening { until, .. } | Self::Greeting { until, .. } => (*until, Timer::Connect),
            Self::Waiting { until, .. } => (*until, Timer::Reconnect),
            Self::Live(live) => {
                (live.handover, Timer::Handover).min((live.liveness.deadline(), Timer::Liveness))
            }
            Self::Idle | Self::Ended { .. } => (Timestamp::NEVER, Timer::Reconnect),
        }
    }

    pub(super) fn status(&self) -> Status {
        match self {
            Self::Idle => Status::Idle,
            Self::FetchingToken { .. } | Self::Opening { .. } | Self::Greeting { .. } => Status::Connecting,
            Self::Live(live) => live.status(),
            Self::Waiting { until, why } => Status::Waiting { until: *until, why: why.clone() },
            Self::Ended { why } => Status::Ended { why: why.clone() },
        }
    }
}
