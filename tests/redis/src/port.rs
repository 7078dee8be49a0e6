use std::net::TcpListener;

/// A port of 127.0.0.1 that nobody listens to now.
///
/// Not one of those that the system gives to outgoing connections: a server that was killed finds it free again.
///
/// # Panics
/// Where none is found.
pub fn free_port() -> u16 {
    (0..1000)
        .map(|_| rand::random_range(10_000..32_000))
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}
