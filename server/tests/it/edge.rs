//! A server as the binary puts it together, of a configuration, on a port of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tidewire_backbone::{MemoryBackbone, MemoryConfig};
use tidewire_server::api::{self, ApiAccess};
use tidewire_server::auth::{ConfiguredPolicy, Mode};
use tidewire_server::config::Config;
use tidewire_server::{Server, health, origin};
use tokio::net::TcpListener;

/// A running server; it ends with the test's runtime.
pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
}

impl Edge {
    pub(crate) async fn with(config: &str) -> Self {
        Self::start(config, Mode::Production).await
    }

    pub(crate) async fn in_development(config: &str) -> Self {
        Self::start(config, Mode::Development).await
    }

    async fn start(config: &str, mode: Mode) -> Self {
        let mut config = Config::parse(config, "tidewire.toml", Path::new(""), &|_| None).unwrap();
        if mode == Mode::Development {
            config.open_to_this_machine();
        }
        let (backbone, arrivals) = MemoryBackbone::new(MemoryConfig::default());
        let policy = ConfiguredPolicy {
            keys: config.keys.clone(),
            namespaces: config.settings.namespaces.clone(),
            mode,
        };
        let server = Server::builder(config.settings)
            .backbone(Arc::new(backbone), arrivals)
            .policy(Arc::new(policy))
            .build();
        let access = ApiAccess { keys: config.api_keys, mode };
        let router = origin::guard(server.router(), config.origins)
            .merge(api::router(server.node(), access))
            .merge(health::router(server.node()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { server.serve(listener, router, std::future::pending()).await });
        Self { address }
    }
}
