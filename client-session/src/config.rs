/// What a session may be told at its start; the defaults are right for most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// The client's version, for the server's logs: `web/0.1`.
    pub sdk: String,
    /// How much the outbox keeps.
    pub outbox: OutboxLimits,
    /// Whether the driver keeps what is published where it outlives the session. Then nothing is sent before the
    /// driver has stored it under the name that it is sent with: see [`Output::Store`](crate::Output::Store).
    pub durable: bool,
    /// How long publications may wait for each other at the server, in milliseconds, until a
    /// [`Command::Coalesce`](crate::Command::Coalesce) says otherwise; 0: they come as they are.
    pub coalesce_ms: u32,
    /// How many publishes of one channel may wait for their answers at one time.
    pub in_flight: usize,
    /// How many history questions may wait for their answers at one time; one more is refused.
    pub questions: usize,
    /// How long opening a link and being welcomed on it may take, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long the application may take to fetch a token, in milliseconds.
    pub token_timeout_ms: u64,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            sdk: String::from("rust/0.1"),
            outbox: OutboxLimits::default(),
            durable: false,
            coalesce_ms: 0,
            in_flight: 64,
            questions: 64,
            connect_timeout_ms: 8_000,
            token_timeout_ms: 30_000,
        }
    }
}

/// How much the outbox keeps, over all channels. What is acknowledged but not yet settled makes room for what is
/// not acknowledged; when that alone fills the outbox, a publish is refused with [`Refusal::Overflow`].
///
/// [`Refusal::Overflow`]: crate::Refusal::Overflow
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Publications.
    pub entries: usize,
    /// Bytes of payload.
    pub bytes: usize,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self { entries: 4096, bytes: 8 << 20 }
    }
}
