use tidewire_protocol::{PublisherId, Seq};

/// One attempt to reach a server, and the socket that came of it. The session counts them and never uses one
/// twice, so that a dead socket's late events fall away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// The driver's number for a subscription of the application; not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u32);

/// The driver's number for a publish; not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublishId(pub u32);

/// What a log knows a publication by, beside its channel: never two publications by one name, and never one
/// publication by two that a log might both take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublishName {
    /// Who publishes it.
    pub publisher: PublisherId,
    /// Its number among what that publisher publishes in the channel.
    pub seq: Seq,
}

/// The driver's number for a history question; not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryId(pub u32);

/// The driver's number for a question for who is in a channel, or for a watch; not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PresenceId(pub u32);
