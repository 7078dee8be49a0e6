use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tidewire_test_redis::Server;
use tokio::net::{TcpListener, TcpStream};

/// An address that moves from server to server, as one does after a failover: old connections stay where they are.
pub(crate) struct Address {
    port: u16,
    server: Arc<AtomicU16>,
}

impl Address {
    pub(crate) async fn of(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::new(AtomicU16::new(server.port()));
        let current = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let port = current.load(Ordering::Relaxed);
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { port, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn move_to(&self, server: &Server) {
        self.server.store(server.port(), Ordering::Relaxed);
    }
}
