use tidewire_protocol::{ChannelName, Member, PresenceList};

use crate::{PresenceId, Refusal};

/// What an application may want to know of who is in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresenceCommand {
    /// Who is there now? The answer is `Page` or `Refused`, exactly one of them.
    Ask {
        /// The driver's number for it.
        presence: PresenceId,
        /// The channel.
        channel: ChannelName,
        /// The `next` of an earlier page: the one that follows it.
        after: Option<String>,
        /// At most so many members; 0 leaves it to the server.
        limit: u64,
    },
    /// Begin to tell who is there, who joins and who leaves, while there is a subscription of the channel. Ends with
    /// `Refused`.
    Watch {
        /// The driver's number for it.
        presence: PresenceId,
        /// The channel.
        channel: ChannelName,
    },
    /// End a watch; nothing more is told of it.
    Unwatch {
        /// The driver's number for it.
        presence: PresenceId,
    },
}

/// What an application is told of who is in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresenceEvent {
    /// A page of who is there.
    Page {
        /// The question that it answers.
        presence: PresenceId,
        /// The page.
        page: PresenceList,
    },
    /// Who is there: what was known before does not count any more. `Joined` and `Left` change it from now on, until
    /// `Counted`.
    Members {
        /// The watch.
        presence: PresenceId,
        /// All of them.
        members: Vec<Member>,
    },
    /// These are there now, or are there with other information.
    Joined {
        /// The watch.
        presence: PresenceId,
        /// Who.
        members: Vec<Member>,
    },
    /// These are there no more.
    Left {
        /// The watch.
        presence: PresenceId,
        /// Who.
        members: Vec<Member>,
    },
    /// How many are there; it is not known who, until `Members` comes.
    Counted {
        /// The watch.
        presence: PresenceId,
        /// Connections.
        connections: u64,
        /// Users; each anonymous connection counts as one.
        users: u64,
    },
    /// A question or a watch came to nothing.
    Refused {
        /// Which.
        presence: PresenceId,
        /// Why.
        refusal: Refusal,
    },
}
