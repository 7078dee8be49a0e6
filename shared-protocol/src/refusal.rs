use crate::numbered::numbered;

numbered! {
    /// Why a request is refused. A refusal ends the request, not the connection.
    pub enum RefusalCode {
        /// The frame could not be read.
        Malformed = 1, "malformed";
        /// The frame's kind is unknown.
        UnknownFrame = 2, "unknown_frame";
        /// The channel's name is not one.
        BadChannel = 3, "bad_channel";
        /// The client may not do this here, or there is no such namespace.
        Forbidden = 4, "forbidden";
        /// The payload is larger than the namespace allows.
        TooLarge = 5, "too_large";
        /// The connection has as many subscriptions as it may.
        TooManySubscriptions = 6, "too_many_subscriptions";
        /// Too many requests in a short time; try again later.
        TooFast = 7, "too_fast";
        /// The server cannot reach its log now; try again later.
        Unavailable = 8, "unavailable";
        /// The token has expired.
        TokenExpired = 9, "token_expired";
        /// The token is not valid.
        TokenInvalid = 10, "token_invalid";
        /// The server does not offer this.
        NotSupported = 11, "not_supported";
        /// The namespace keeps no log.
        NotRetained = 12, "not_retained";
        /// The payload is not what the namespace accepts.
        BadPayload = 13, "bad_payload";
        /// A publish without a publisher in hello, or with a seq that cannot be.
        BadSeq = 14, "bad_seq";
        /// The client is not subscribed to this channel.
        NotSubscribed = 15, "not_subscribed";
    }
}

/// What a client does after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The same request may succeed later: keep it and try again.
    Retry,
    /// The same request will not succeed: tell the application.
    Stop,
}

impl RefusalCode {
    /// What to do about it; a number of a newer version is final.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TooFast | Self::Unavailable | Self::TokenExpired => Advice::Retry,
            Self::Malformed
            | Self::UnknownFrame
            | Self::BadChannel
            | Self::Forbidden
            | Self::TooLarge
            | Self::TooManySubscriptions
            | Self::TokenInvalid
            | Self::NotSupported
            | Self::NotRetained
            | Self::BadPayload
            | Self::BadSeq
            | Self::NotSubscribed
            | Self::Unknown(_) => Advice::Stop,
        }
    }
}

crate::growing::always_there!(RefusalCode);
