use std::time::Duration;

/// What a node accepts; beyond it comes a refusal or a close code, and a count.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one WebSocket message.
    pub message_bytes: usize,
    /// Fragments of one WebSocket message.
    pub fragments: u32,
    /// From the first byte of a message to its last.
    pub message_within: Duration,
    /// Frames of one WebSocket message.
    pub frames_per_message: usize,
    /// Frames of one connection, per second in the long run.
    pub frames_per_second: u32,
    /// Bytes of one connection, per second in the long run.
    pub bytes_per_second: u32,
    /// How many seconds' worth of frames and bytes may come at once.
    pub burst_seconds: u32,
    /// Subscriptions of one connection at one time.
    pub subscriptions: usize,
    /// Requests of one connection that wait for the backbone; the next is read when one is answered.
    pub requests_in_flight: usize,
    /// TCP connections that speak HTTP: before their upgrade, or without one.
    pub http_connections: usize,
    /// Connections of the node.
    pub connections: usize,
    /// Connections of one user on the node.
    pub connections_per_user: usize,
    /// Connections from one IPv4 address or one IPv6 /64 on the node.
    pub connections_per_address: usize,
    /// Connections that share one socket.
    pub connections_per_socket: usize,
    /// From the upgrade to hello.
    pub hello_within: Duration,
    /// From the connection's first byte to the end of its HTTP headers.
    pub headers_within: Duration,
    /// Bytes that wait for one connection's socket; beyond that its subscriptions catch up from the log.
    pub outbox_bytes: usize,
    /// How long a request of a connection without a WebSocket waits for something to be said.
    pub poll_wait: Duration,
    /// Such requests that wait for another node, which has their connection, at one time.
    pub forwards: usize,
    /// Bytes of the publications in one `subscribed` or `history` frame; more follows, or must be asked for.
    pub replay_bytes: usize,
    /// Publications in one history page.
    pub history_page: usize,
    /// Members in one page of presence.
    pub presence_page: usize,
    /// Who comes and goes is told of a channel with at most so many connections; of others only how many there are.
    pub presence_told: usize,
    /// The same where more than so many come and go within a second.
    pub presence_changes: usize,
    /// Bytes of what the application says of a member.
    pub info_bytes: usize,
    /// Bytes of recent publications that an occupied channel keeps in the node's memory.
    pub ring_bytes: usize,
    /// Publications of one channel that a node keeps until they are settled, to append them again after a failover.
    pub settle_entries: usize,
    /// Their bytes.
    pub settle_bytes: usize,
    /// Arrivals of one channel that wait while its positions are verified; beyond that it is verified again.
    pub arrivals_in_doubt: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 64 << 10,
            fragments: 64,
            message_within: Duration::from_secs(15),
            frames_per_message: 1024,
            frames_per_second: 1_000,
            bytes_per_second: 1 << 20,
            burst_seconds: 10,
            subscriptions: 256,
            requests_in_flight: 64,
            http_connections: 16_384,
            connections: 1_000_000,
            connections_per_user: 1_000,
            connections_per_address: 100_000,
            connections_per_socket: 64,
            hello_within: Duration::from_secs(5),
            headers_within: Duration::from_secs(10),
            outbox_bytes: 64 << 10,
            poll_wait: Duration::from_secs(20),
            forwards: 1024,
            replay_bytes: 32 << 10,
            history_page: 1_000,
            presence_page: 500,
            presence_told: 1_000,
            presence_changes: 100,
            info_bytes: 1 << 10,
            ring_bytes: 512 << 10,
            settle_entries: 4096,
            settle_bytes: 1 << 20,
            arrivals_in_doubt: 1024,
        }
    }
}
