use crate::growing::growing;
use crate::{Payload, Position, PublicationId};

growing! {
    part
    /// One message of a channel, as a subscriber gets it.
    pub struct Publication {
        /// Where it stands in the channel's log.
        pub position: Position,
        /// Names it where a log went back; see [`PublicationId`].
        pub id: PublicationId,
        /// What the publisher sent.
        pub payload: Payload,
        /// The publisher's user, where its token named one.
        pub user: Option<String>,
        /// How many publications of the same publisher, just before this one, are lost; they may still turn up.
        pub missing: u64,
    }
}
