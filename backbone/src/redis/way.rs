use std::sync::Arc;

use redis::Cmd;
use tidewire_protocol::ChannelName;
use tokio::sync::oneshot;

use super::cluster::Crossing;
use super::commands::{Commands, Reply};

/// Where commands for one channel go.
pub(super) enum Way {
    /// To who has it.
    Straight(Commands),
    /// To who is getting it.
    Across(Arc<Crossing>, ChannelName),
}

impl Way {
    /// Takes its place in line now; the reply may be awaited whenever.
    pub(super) fn give(&self, command: Cmd) -> oneshot::Receiver<Reply> {
        match self {
            Self::Straight(commands) => commands.give(command),
            Self::Across(crossing, channel) => crossing.give(channel, command),
        }
    }

    /// Milliseconds since 1970 by the clock of the server that executes it.
    pub(super) fn now(&self) -> u64 {
        match self {
            Self::Straight(commands) => commands.now(),
            Self::Across(crossing, _) => crossing.now(),
        }
    }
}
