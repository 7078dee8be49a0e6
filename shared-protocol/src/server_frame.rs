use crate::growing::growing;
use crate::kinds::kinds;
use crate::{
    Alias, ChannelName, Payload, Ping, Pong, Position, Publication, PublicationId, RefusalCode, RequestId,
    ResetReason, Seq, UnsubscribeCode,
};

kinds! {
    /// Everything that a server may say. New kinds come last.
    pub enum ServerFrame {
        /// The connection is live; the answer to hello.
        Welcome(Welcome) = 0, "welcome";
        /// A subscription is live; what was missed comes with it.
        Subscribed(Subscribed) = 1, "subscribed";
        /// A publication of a subscribed channel.
        Publication(Delivery) = 2, "publication";
        /// A publish is accepted, now or earlier.
        Published(Published) = 3, "published";
        /// A publish is not accepted, because earlier ones of its publisher are missing.
        Behind(Behind) = 4, "behind";
        /// A request is refused.
        Refused(Refused) = 5, "refused";
        /// A subscription ended.
        Unsubscribed(Unsubscribed) = 6, "unsubscribed";
        /// A channel's log went back: continue from an older position.
        Rewound(Rewound) = 7, "rewound";
        /// A subscription lost its place: what came between is gone.
        Reset(Reset) = 8, "reset";
        /// A publication of an ephemeral namespace: at most once, no position.
        Ephemeral(Ephemeral) = 9, "ephemeral";
        /// A part of a log; the answer to history.
        History(HistoryPage) = 10, "history";
        /// Who is in a channel; the answer to presence.
        Presence(PresenceList) = 11, "presence";
        /// Somebody joined a channel.
        Joined(Joined) = 12, "joined";
        /// Somebody left a channel.
        Left(Left) = 13, "left";
        /// A new token is accepted.
        Refreshed(Refreshed) = 14, "refreshed";
        /// This node stops soon: open another connection, then close this one.
        GoingAway(GoingAway) = 15, "going_away";
        /// Are you there?
        Ping(Ping) = 16, "ping";
        /// I am here.
        Pong(Pong) = 17, "pong";
        /// How many are in a channel, where it is not said who joins and leaves.
        Occupancy(Occupancy) = 18, "occupancy";
    }
}

growing! {
    frame
    /// What a client needs to know about its connection.
    pub struct Welcome {
        /// The connection's name, for logs.
        pub connection: String,
        /// The node's name, for logs.
        pub node: String,
        /// The server says something at least this often, in milliseconds.
        pub heartbeat_ms: u32,
        /// After an unclean loss, wait a random time up to this before the first attempt, in milliseconds.
        pub reconnect_spread_ms: u32,
        /// What the server accepts.
        pub limits: Limits,
        /// The user that the token named.
        pub user: Option<String>,
        /// How long the token is still good, in milliseconds.
        pub token_expires_in_ms: Option<u64>,
        /// Namespaces that deliver at most once and keep no log.
        pub ephemeral: Vec<String>,
        /// Optional features that the server offers.
        pub features: Vec<String>,
    }
}

growing! {
    part
    /// What the server accepts from one connection.
    #[derive(Copy)]
    pub struct Limits {
        /// Bytes of one message.
        pub message_bytes: u32,
        /// Frames of one message.
        pub frames_per_message: u32,
        /// Subscriptions at one time.
        pub subscriptions: u32,
        /// How long a publication must stay in the outbox after its acknowledgement, in milliseconds.
        pub settle_ms: u32,
        /// How long at least a publisher that is idle in a channel is remembered, whatever its namespace, in
        /// milliseconds.
        pub dedup_ms: u32,
    }
}

growing! {
    frame
    /// The beginning of a subscription on this connection.
    pub struct Subscribed {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
        /// The channel's number on this connection from now on.
        pub alias: Alias,
        /// The channel's newest position when this was said; equal to `from` after the last of `replay`, unless
        /// more follows as publications.
        pub position: Position,
        /// Where replay continues: one of the offered positions, or where a new subscription begins. Absent
        /// after a reset (the subscription then begins at `position`) and in ephemeral namespaces.
        pub from: Option<Position>,
        /// What follows `from`; what has no room here follows as publications.
        pub replay: Vec<Publication>,
        /// None of the offered positions is in the log: what came after them is gone, for this reason.
        pub reset: Option<ResetReason>,
    }
}

growing! {
    frame
    /// A publication of a subscribed channel; [`Publication`] with the channel's number.
    pub struct Delivery {
        /// The channel's number.
        pub alias: Alias,
        /// Where it stands in the channel's log.
        pub position: Position,
        /// Names it where a log went back.
        pub id: PublicationId,
        /// What the publisher sent.
        pub payload: Payload,
        /// The publisher's user, where its token named one.
        pub user: Option<String>,
        /// How many publications of the same publisher, just before this one, are lost.
        pub missing: u64,
    }
}

impl Delivery {
    /// The publication, and the channel's number.
    pub fn into_parts(self) -> (Alias, Publication) {
        let Self { alias, position, id, payload, user, missing } = self;
        (alias, Publication { position, id, payload, user, missing })
    }
}

impl Publication {
    /// The publication as a frame for one channel's number.
    pub fn delivered_as(self, alias: Alias) -> Delivery {
        let Self { position, id, payload, user, missing } = self;
        Delivery { alias, position, id, payload, user, missing }
    }
}

growing! {
    frame
    /// The acknowledgement of a publish: the log has it.
    pub struct Published {
        /// The request's number.
        pub id: RequestId,
        /// Where it stands; absent where that is no longer known, and in ephemeral namespaces.
        pub position: Option<Position>,
    }
}

growing! {
    frame
    /// A publish came too early: nothing was accepted.
    pub struct Behind {
        /// The request's number.
        pub id: RequestId,
        /// The publisher's last accepted seq in this channel; send again from `last + 1`.
        pub last: Seq,
    }
}

growing! {
    frame
    /// A refusal of one request.
    pub struct Refused {
        /// The request's number; 0 where the request could not be read.
        pub id: RequestId,
        /// Why, for programs.
        pub code: RefusalCode,
        /// Why, for people.
        pub reason: String,
    }
}

growing! {
    frame
    /// The end of a subscription.
    pub struct Unsubscribed {
        /// The channel's number.
        pub alias: Alias,
        /// Why it ended.
        pub code: UnsubscribeCode,
        /// The unsubscribe request that this answers.
        pub id: Option<RequestId>,
    }
}

growing! {
    frame
    /// A channel's log went back, and what this subscriber saw after the position may come again.
    #[derive(Copy)]
    pub struct Rewound {
        /// The channel's number.
        pub alias: Alias,
        /// The subscription continues from here; a client that does not hold it takes this as a reset.
        pub position: Position,
    }
}

growing! {
    frame
    /// A live subscription lost its place.
    #[derive(Copy)]
    pub struct Reset {
        /// The channel's number.
        pub alias: Alias,
        /// The subscription continues from here.
        pub position: Position,
        /// Why.
        pub reason: ResetReason,
    }
}

growing! {
    frame
    /// A publication of an ephemeral namespace.
    pub struct Ephemeral {
        /// The channel's number.
        pub alias: Alias,
        /// What the publisher sent.
        pub payload: Payload,
        /// The publisher's user, where its token named one.
        pub user: Option<String>,
    }
}

growing! {
    frame
    /// A part of a channel's log.
    pub struct HistoryPage {
        /// The request's number.
        pub id: RequestId,
        /// The channel's newest position.
        pub position: Position,
        /// The publications, oldest first.
        pub publications: Vec<Publication>,
        /// `since` is not in the log: the page begins with the oldest that it has.
        pub reset: Option<ResetReason>,
        /// There is more after the last of `publications`.
        pub more: bool,
    }
}

growing! {
    part
    /// Somebody in a channel.
    pub struct Member {
        /// The user, or the connection where the user is anonymous.
        pub user: String,
        /// What the application says of the member.
        pub info: Option<String>,
        /// The connection, a name that no other has: one user may be there by several.
        pub connection: Option<String>,
    }
}

growing! {
    frame
    /// Who is in a channel.
    pub struct PresenceList {
        /// The request's number.
        pub id: RequestId,
        /// Those in the channel.
        pub members: Vec<Member>,
        /// How many connections there are in the channel, on all pages.
        pub connections: u64,
        /// How many users these are; each anonymous connection counts as one.
        pub users: u64,
        /// Where the next page begins; absent on the last.
        pub next: Option<String>,
    }
}

growing! {
    frame
    /// Somebody joined.
    pub struct Joined {
        /// The channel's number.
        pub alias: Alias,
        /// Who. A connection that is known already has other information now.
        pub member: Member,
        /// Who else, in the same moment.
        pub others: Vec<Member>,
        /// How many connections there are now.
        pub connections: u64,
        /// How many users these are.
        pub users: u64,
    }
}

growing! {
    frame
    /// Somebody left.
    pub struct Left {
        /// The channel's number.
        pub alias: Alias,
        /// Who.
        pub member: Member,
        /// Who else, in the same moment.
        pub others: Vec<Member>,
        /// How many connections there are now.
        pub connections: u64,
        /// How many users these are.
        pub users: u64,
    }
}

growing! {
    frame
    /// How many are in a channel, and that it was or is not said who joined and left: a list of members that the
    /// client keeps is no longer right.
    #[derive(Copy)]
    pub struct Occupancy {
        /// The channel's number.
        pub alias: Alias,
        /// How many connections there are now.
        pub connections: u64,
        /// How many users these are; each anonymous connection counts as one.
        pub users: u64,
        /// Ask for the list again at a random moment within so many milliseconds: from now on it is said again who
        /// joins and leaves. Absent: there are too many for that, and only counts follow.
        pub again_within_ms: Option<u64>,
    }
}

growing! {
    frame
    /// A new token is accepted.
    pub struct Refreshed {
        /// The request's number.
        pub id: RequestId,
        /// How long it is good, in milliseconds.
        pub token_expires_in_ms: Option<u64>,
    }
}

growing! {
    frame
    /// A node's farewell.
    #[derive(Copy)]
    pub struct GoingAway {
        /// The node closes what is left after so many milliseconds.
        pub within_ms: u32,
        /// Open the new connection at a random moment within so many milliseconds.
        pub spread_ms: u32,
    }
}
