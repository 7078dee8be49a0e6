use crate::Advice;
use crate::numbered::numbered;

numbered! {
    /// Why a connection ends, as the WebSocket's close code: 4000–4499 come back, 4500–4999 stay away.
    pub enum CloseCode {
        /// The node stops; another takes over.
        GoingAway = 4000, "going_away";
        /// The client said nothing for too long.
        Unresponsive = 4001, "unresponsive";
        /// No hello came in time.
        HelloTimeout = 4002, "hello_timeout";
        /// The client takes what it is sent too slowly, and catching up cannot help.
        TooSlow = 4003, "too_slow";
        /// The server failed at this connection, and at this one alone.
        Internal = 4004, "internal";
        /// The token has expired: come back with a new one.
        TokenExpired = 4005, "token_expired";
        /// The server has as many connections as it takes.
        Overloaded = 4006, "overloaded";
        /// The client sends too much.
        TooFast = 4007, "too_fast";
        /// What the client sent could not be read.
        Malformed = 4500, "malformed";
        /// A message was too large.
        TooLarge = 4501, "too_large";
        /// A message came in too many fragments, or too slowly.
        TooManyFragments = 4502, "too_many_fragments";
        /// A message held too many frames.
        TooManyFrames = 4503, "too_many_frames";
        /// The token is not valid.
        TokenInvalid = 4504, "token_invalid";
        /// The client may not connect.
        Forbidden = 4505, "forbidden";
        /// The first frame was not hello, or hello came twice.
        HelloExpected = 4506, "hello_expected";
        /// The application ended the connection.
        Disconnected = 4507, "disconnected";
    }
}

impl CloseCode {
    /// Whether to come back. Codes outside 4500–4999, also those of the WebSocket itself, mean yes.
    pub const fn advice(self) -> Advice {
        match self.number() {
            4500..=4999 => Advice::Stop,
            _ => Advice::Retry,
        }
    }
}
