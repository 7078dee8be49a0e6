use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tidewire_backbone::{Arrivals, Backbone};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::node::Inner;
use crate::presence::{keeping, reporting};
use crate::switches::Switches;
use crate::{Node, Policy, Settings, gateway, relay, ticker};

/// A node and its doors: a router to mount in an axum application, or [`Server::serve`].
pub struct Server {
    node: Node,
}

impl Server {
    /// Begins to build a server; it needs a backbone and a policy.
    pub fn builder(settings: Settings) -> ServerBuilder {
        ServerBuilder { settings, backbone: (), policy: (), switches: Switches::default() }
    }

    /// The node's handle.
    pub fn node(&self) -> Node {
        self.node.clone()
    }

    /// The routes of the node: `/v1/connect`. Mounted with
    /// [`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info) for
    /// [`SocketAddr`], the node knows where connections come from.
    pub fn router(&self) -> Router {
        gateway::router(self.node())
    }

    /// Serves a router, [`Server::router`] with whatever was added to it, until `shutdown`; then drains the node
    /// as the settings say, still answering, and returns.
    ///
    /// # Errors
    /// The listener failed for good.
    pub async fn serve(
        &self,
        listener: TcpListener,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let inner = self.node.0.clone();
        let done = CancellationToken::new();
        let draining = {
            let (node, done) = (self.node(), done.clone());
            let drain = inner.settings.drain;
            tokio::spawn(async move {
                shutdown.await;
                node.drain(drain.within, drain.spread).await;
                done.cancel();
            })
        };
        let places = Arc::new(Semaphore::new(inner.settings.limits.http_connections));
        let accept = async || {
            // More wait in the listener's backlog; each place is free again when its headers are late.
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, remote)| (stream, remote, place))
        };
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = done.cancelled() => break,
            };
            match accepted {
                Ok((stream, remote, place)) => {
                    let answered = answer(inner.clone(), stream, remote, router.clone(), done.clone());
                    tokio::spawn(async move {
                        answered.await;
                        drop(place);
                    });
                }
                Err(error) => recover(error).await?,
            }
        }
        // It has cancelled `done`; only a panic in it can be left to report.
        draining.await.map_err(io::Error::other)
    }
}

/// Answers what comes over one TCP connection. After an upgrade, its link has a task of its own.
async fn answer(
    node: Arc<Inner>,
    stream: TcpStream,
    remote: SocketAddr,
    router: Router,
    done: CancellationToken,
) {
    // Publications are small and wait for nobody.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(node.settings.limits.headers_within)
        .max_buf_size(MOST_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        result = connection => {
            if let Err(error) = result {
                metrics::counter!("tidewire_http_failures_total").increment(1);
                tracing::debug!(%remote, %error, "an HTTP connection failed");
            }
        }
        () = done.cancelled() => {}
    }
}

/// A connection that is gone before it was accepted is nothing; too many open files pass.
async fn recover(error: io::Error) -> io::Result<()> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput};
    let kind = error.kind();
    if matches!(kind, ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return Ok(());
    }
    if kind == InvalidInput {
        return Err(error);
    }
    metrics::counter!("tidewire_accept_failures_total").increment(1);
    tracing::error!(%error, "cannot accept connections now");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Ok(())
}

/// What a [`Server`] is made of; `build` is there once backbone and policy are.
pub struct ServerBuilder<B = (), P = ()> {
    settings: Settings,
    backbone: B,
    policy: P,
    switches: Switches,
}

#[cfg(feature = "switches")]
impl<B, P> ServerBuilder<B, P> {
    /// Which mechanisms work.
    #[must_use]
    pub fn switches(self, switches: Switches) -> Self {
        Self { switches, ..self }
    }
}

impl<P> ServerBuilder<(), P> {
    /// Where the logs are, and what that tells the node.
    pub fn backbone(
        self,
        backbone: Arc<dyn Backbone>,
        arrivals: Arrivals,
    ) -> ServerBuilder<(Arc<dyn Backbone>, Arrivals), P> {
        let Self { settings, policy, switches, .. } = self;
        ServerBuilder { settings, backbone: (backbone, arrivals), policy, switches }
    }
}

impl<B> ServerBuilder<B, ()> {
    /// Who may do what.
    pub fn policy(self, policy: Arc<dyn Policy>) -> ServerBuilder<B, Arc<dyn Policy>> {
        let Self { settings, backbone, switches, .. } = self;
        ServerBuilder { settings, backbone, policy, switches }
    }
}

impl ServerBuilder<(Arc<dyn Backbone>, Arrivals), Arc<dyn Policy>> {
    /// Starts the node's tasks, in the tokio runtime in which this is called.
    pub fn build(self) -> Server {
        let (backbone, arrivals) = self.backbone;
        let inner = Inner::new(self.settings, backbone, self.policy, self.switches);
        relay::start(&inner.hub, &inner.scope, arrivals);
        inner.scope.tasks.spawn(ticker::run(inner.clone()));
        if inner.tells_presence() {
            inner.scope.tasks.spawn(keeping::run(inner.hub.clone(), inner.settings.presence_lease));
            inner.scope.tasks.spawn(reporting::run(inner.scope.clone()));
        }
        Server { node: Node(inner) }
    }
}

/// Headers of one HTTP request.
const MOST_HEADER_BYTES: usize = 16 << 10;
