//! Tidewire inside one's own axum application: one port, one process, the application's own rules.
//!
//! `cargo run -p tidewire-server --example embed`, then connect to `ws://127.0.0.1:7800/v1/connect`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use tidewire_backbone::{MemoryBackbone, MemoryConfig};
use tidewire_protocol::{ChannelName, Payload};
use tidewire_server::{AllowAll, Author, Namespaces, Node, Server, Settings};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (backbone, arrivals) = MemoryBackbone::new(MemoryConfig::default());
    let settings = Settings { namespaces: Namespaces::open(), ..Settings::default() };
    let server =
        Server::builder(settings).backbone(Arc::new(backbone), arrivals).policy(Arc::new(AllowAll)).build();
    let app = Router::new()
        .route("/orders/{id}", post(order_changed))
        .with_state(server.node())
        .merge(server.router())
        .into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:7800").await?, app).await
}

async fn order_changed(Path(id): Path<u32>, State(node): State<Node>) -> Result<StatusCode, StatusCode> {
    let channel: ChannelName = format!("orders:{id}").parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let payload = Payload::Json(r#"{"changed":true}"#.into());
    let published = node.publish(&channel, payload, Author::once()).await;
    published.map(|_| StatusCode::ACCEPTED).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}
