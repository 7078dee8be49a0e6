use crate::growing::growing;
use crate::kinds::kinds;
use crate::{ChannelName, Payload, Position, PublisherId, RequestId, Seq};

kinds! {
    /// Everything that a client may say. New kinds come last.
    pub enum ClientFrame {
        /// Who I am; the first frame of a connection.
        Hello(Hello) = 0, "hello";
        /// Send me a channel's publications.
        Subscribe(Subscribe) = 1, "subscribe";
        /// Send me no more of a channel.
        Unsubscribe(Unsubscribe) = 2, "unsubscribe";
        /// Append this to a channel.
        Publish(Publish) = 3, "publish";
        /// Show me a part of a channel's log.
        History(History) = 4, "history";
        /// Who is in a channel?
        Presence(Presence) = 5, "presence";
        /// A new token for this connection.
        Refresh(Refresh) = 6, "refresh";
        /// Are you there?
        Ping(Ping) = 7, "ping";
        /// I am here.
        Pong(Pong) = 8, "pong";
        /// Gather publications for me.
        Coalesce(Coalesce) = 9, "coalesce";
    }
}

growing! {
    frame
    /// Who the client is.
    pub struct Hello {
        /// The client's version, for logs: `web/0.1`.
        pub sdk: String,
        /// A JSON Web Token; without it the client is anonymous.
        pub token: Option<String>,
        /// For de-duplication of what this client publishes; without it the server refuses its publishes.
        pub publisher: Option<PublisherId>,
        /// Optional features that the client understands.
        pub features: Vec<String>,
    }
}

growing! {
    frame
    /// A wish for a channel's publications.
    pub struct Subscribe {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
        /// Positions that the client holds, newest first, at most 16: replay continues from the newest that the
        /// log holds.
        pub since: Vec<Position>,
        /// Without `since`: begin this many publications before the tip, as far as the log holds them.
        pub last: u64,
    }
}

growing! {
    frame
    /// The end of a subscription.
    pub struct Unsubscribe {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
    }
}

growing! {
    frame
    /// A publication, to be accepted once however often it is sent.
    pub struct Publish {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
        /// The publisher's counter in this channel: the last accepted + 1. 0 in ephemeral namespaces.
        pub seq: Seq,
        /// What is published.
        pub payload: Payload,
        /// Accept it though earlier seqs are missing; they are then announced as lost.
        pub force: bool,
        /// Who publishes, where it is not the publisher of hello: a client that was idle in a channel for long takes
        /// a new identity there without a new connection.
        pub publisher: Option<PublisherId>,
    }
}

growing! {
    frame
    /// A question for a part of a channel's log.
    pub struct History {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
        /// Only what follows this position; without it, the newest.
        pub since: Option<Position>,
        /// At most so many publications; 0 leaves it to the server, which has a limit of its own too.
        pub limit: u64,
    }
}

growing! {
    frame
    /// A question for who is in a channel.
    pub struct Presence {
        /// The request's number.
        pub id: RequestId,
        /// The channel.
        pub channel: ChannelName,
        /// Only those who follow this place, the `next` of an earlier page; without it, from the beginning.
        pub after: Option<String>,
        /// At most so many members; 0 leaves it to the server, which has a limit of its own too.
        pub limit: u64,
        /// From now on tell me who joins and leaves; without it, tell me no more. Needs a subscription.
        pub watch: bool,
    }
}

growing! {
    frame
    /// A new token, before the old one expires.
    pub struct Refresh {
        /// The request's number.
        pub id: RequestId,
        /// A JSON Web Token for the same user.
        pub token: String,
    }
}

growing! {
    frame
    /// How seldom the client wants to be woken by publications. It holds for the connection, until the next one.
    #[derive(Copy, Default)]
    pub struct Coalesce {
        /// Publications may wait so many milliseconds after what was sent before, so that those of that time come
        /// in one message; 0: as they come, which is how a connection begins. More than 1000 counts as 1000.
        pub every_ms: u32,
    }
}

growing! {
    frame
    /// A question for a sign of life; the answer is a pong.
    #[derive(Copy, Default)]
    pub struct Ping {}
}

growing! {
    frame
    /// A sign of life.
    #[derive(Copy, Default)]
    pub struct Pong {}
}
