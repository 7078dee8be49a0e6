use std::net::TcpListener;

/// A port of 127.0.0.1 that nobody listens to now.
///
/// # Panics
/// Where the machine has no free port.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
