use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use tidewire_test_redis::Server;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An address that moves from server to server, as one does after a failover: old connections stay where they are.
pub(crate) struct Address {
    port: u16,
    route: Arc<Route>,
}

struct Route {
    server: AtomicU16,
    /// Connections of an earlier era carry nothing any more.
    era: AtomicU64,
}

impl Address {
    pub(crate) async fn of(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let route = Arc::new(Route { server: AtomicU16::new(server.port()), era: AtomicU64::new(0) });
        let current = Arc::clone(&route);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&current).carry(client));
            }
        });
        Self { port, route }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn move_to(&self, server: &Server) {
        self.route.server.store(server.port(), Ordering::Relaxed);
    }

    /// From now on the connections that there are carry nothing and stay open; new ones work.
    pub(crate) fn swallow(&self) {
        self.route.era.fetch_add(1, Ordering::Relaxed);
    }
}

impl Route {
    async fn carry(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server.load(Ordering::Relaxed))).await else {
            return;
        };
        let era = self.era.load(Ordering::Relaxed);
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::select! {
            () = self.pump(era, from_client, to_server) => {}
            () = self.pump(era, from_server, to_client) => {}
        }
    }

    async fn pump(&self, era: u64, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            if self.era.load(Ordering::Relaxed) == era && to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}
