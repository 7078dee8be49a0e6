use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tidewire_backbone::{Arrivals, Backbone, MemoryBackbone, MemoryConfig, RedisBackbone, RedisConfig};
use tokio::net::TcpListener;

use super::signals::Signals;
use super::{Failure, Plan};
use crate::api::{self, ApiAccess};
use crate::auth::{ConfiguredPolicy, Mode};
use crate::cli::check_config::summary;
use crate::cli::say;
use crate::config::{BackboneAddress, MetricsAt};
use crate::{Node, Server, health, origin, prometheus, static_files};

/// Between two looks at whether the node is ready.
const LOOK: Duration = Duration::from_millis(500);
/// So many looks from one word about a backbone that is away to the next.
const LOOKS_BETWEEN_WORDS: u32 = 60;

/// Where the server really listens, once the system has chosen the free ports.
struct Addresses {
    main: SocketAddr,
    metrics: Option<SocketAddr>,
}

/// Runs a server until a signal and the moving of its clients, or a second signal.
pub(super) async fn run(plan: Plan) -> Result<(), Failure> {
    let signals = Signals::listen().map_err(|error| Failure::failed(format!("no signals: {error}")))?;
    let main = bind(plan.listen, "--listen 127.0.0.1:0 takes a free port").await?;
    let counts = match plan.metrics {
        MetricsAt::Off => None,
        MetricsAt::Main | MetricsAt::Own(_) => {
            Some(prometheus::install().map_err(|error| Failure::failed(format!("no metrics: {error}")))?)
        }
    };
    let own = match plan.metrics {
        MetricsAt::Own(address) => Some(bind(address, "change `listen` in [metrics]").await?),
        MetricsAt::Main | MetricsAt::Off => None,
    };

    let addresses = Addresses {
        main: address_of(&main)?,
        metrics: match (plan.metrics, &own) {
            (MetricsAt::Main, _) => Some(address_of(&main)?),
            (MetricsAt::Own(_), Some(own)) => Some(address_of(own)?),
            (MetricsAt::Own(_), None) | (MetricsAt::Off, _) => None,
        },
    };

    let (backbone, arrivals) = connect(&plan).await?;
    let policy = ConfiguredPolicy {
        keys: plan.config.keys.clone(),
        namespaces: plan.config.settings.namespaces.clone(),
        mode: plan.mode,
    };
    let builder = Server::builder(plan.config.settings.clone());
    #[cfg(feature = "switches")]
    let builder = builder.switches(switches()?);
    let server = builder.backbone(backbone, arrivals).policy(Arc::new(policy)).build();
    let node = server.node();
    greet(&plan, &addresses, &node);

    if let Some((own, counts)) = own.zip(counts.clone()) {
        tokio::spawn(axum::serve(own, prometheus::router(counts)).into_future());
    }
    if let Some(counts) = counts.clone() {
        tokio::spawn(prometheus::upkeep(counts));
    }
    tokio::spawn(tell_of_readiness(node.clone(), plan.backbone.clone()));

    let (first, second) = signals.first_and_second();
    let within = plan.config.settings.drain.within;
    let first = async move {
        first.await;
        tracing::info!(?within, "stopping: clients move elsewhere; a second signal stops at once");
    };
    let router = routes(&plan, server.router(), &node, counts.as_ref());
    tokio::select! {
        served = server.serve(main, router, first) => match served {
            Ok(()) => tracing::info!("stopped"),
            Err(error) => return Err(Failure::failed(format!("cannot go on listening: {error}"))),
        },
        () = second => tracing::warn!("stopped at once"),
    }
    Ok(())
}

/// What a test has switched off.
#[cfg(feature = "switches")]
fn switches() -> Result<crate::Switches, Failure> {
    const SWITCH_OFF: &str = "TIDEWIRE_SWITCH_OFF";
    let off = std::env::var(SWITCH_OFF).unwrap_or_default();
    let switches = off.parse().map_err(|error| Failure::wrong(format!("error: {SWITCH_OFF}: {error}")))?;
    if !off.is_empty() {
        tracing::warn!(?switches, "promises are switched off, for a test");
    }
    Ok(switches)
}

/// Opens an address for listening, or says why that cannot be.
async fn bind(address: SocketAddr, advice: &str) -> Result<TcpListener, Failure> {
    use std::io::ErrorKind;
    TcpListener::bind(address).await.map_err(|error| {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive enum of the standard library")]
        let why = match error.kind() {
            ErrorKind::AddrInUse => format!("something listens there already; {advice}"),
            ErrorKind::AddrNotAvailable => format!("this machine has no such address; {advice}"),
            ErrorKind::PermissionDenied => "this user may not; ports below 1024 need rights".to_owned(),
            _ => error.to_string(),
        };
        Failure::failed(format!("cannot listen on {address}: {why}"))
    })
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::failed(format!("a listener without an address: {error}")))
}

async fn connect(plan: &Plan) -> Result<(Arc<dyn Backbone>, Arrivals), Failure> {
    match &plan.backbone {
        BackboneAddress::Memory => {
            for namespace in plan.config.settings.namespaces.replicated() {
                tracing::warn!(
                    namespace,
                    "acks = \"replica\" means nothing to the memory backbone, which has none"
                );
            }
            let (backbone, arrivals) = MemoryBackbone::new(MemoryConfig::default());
            Ok((Arc::new(backbone), arrivals))
        }
        BackboneAddress::Redis(addresses) => {
            let replicated = plan.config.settings.namespaces.replicated().map(str::to_owned).collect();
            let tls = plan.config.redis.clone();
            let mut config = RedisConfig { tls, replicated, ..RedisConfig::new(addresses.clone()) };
            if let Some(prefix) = &plan.config.redis_prefix {
                config.prefix.clone_from(prefix);
            }
            match RedisBackbone::connect(config).await {
                Ok((backbone, arrivals)) => Ok((Arc::new(backbone), arrivals)),
                Err(error) => Err(Failure::wrong(format!("error: backbone {addresses}: {error}"))),
            }
        }
    }
}

/// All that the main address answers.
fn routes(plan: &Plan, gateway: Router, node: &Node, counts: Option<&PrometheusHandle>) -> Router {
    let access = ApiAccess { keys: plan.config.api_keys.clone(), mode: plan.mode };
    let mut router = origin::guard(gateway, plan.config.origins.clone())
        .merge(api::router(node.clone(), access))
        .merge(health::router(node.clone()));
    if let (MetricsAt::Main, Some(counts)) = (plan.metrics, counts) {
        router = router.merge(prometheus::router(counts.clone()));
    }
    match &plan.directory {
        Some(directory) => static_files::beside(router, directory),
        None => router,
    }
}

/// The first lines, for whoever started the server by hand.
fn greet(plan: &Plan, addresses: &Addresses, node: &Node) {
    let main = addresses.main;
    say(&format!("Tidewire {} listens on http://{main} (node {})", env!("CARGO_PKG_VERSION"), node.name()));
    say(&format!("  clients   ws://{main}/v1/connect"));
    match plan.backbone {
        BackboneAddress::Memory => say("  backbone  memory: this node alone, and nothing outlives it"),
        BackboneAddress::Redis(_) => say(&format!("  backbone  {}", plan.backbone)),
    }
    if let Some(file) = &plan.file {
        say(&format!("  config    {}: {}", file.display(), summary(&plan.config)));
    }
    if let Some(directory) = &plan.directory {
        say(&format!("  pages     {}", directory.display()));
    }
    if let Some(metrics) = addresses.metrics {
        say(&format!("  metrics   http://{metrics}/metrics"));
    }
    if let (Some(files), Mode::Production) = (plan.open_files, plan.mode) {
        let connections = plan.config.settings.limits.connections;
        say(&format!(
            "  limits    {connections} connections, as the process may open {files} files (ulimit -n)"
        ));
    }
    say(match (plan.mode, plan.config.settings.namespaces.named.is_empty()) {
        (Mode::Development, _) => {
            "  access    --dev: anonymous clients of this machine may do everything; not for production"
        }
        (Mode::Production, true) => {
            "  access    nobody may do anything yet: there are no namespaces (try --dev, or --config)"
        }
        (Mode::Production, false) => "  access    what the configuration and tokens allow",
    });
}

/// Says when the backbone is away, now and then while it is, and when it is back.
async fn tell_of_readiness(node: Node, backbone: BackboneAddress) {
    let mut away: Option<u32> = None;
    while !node.is_draining() {
        match (node.is_ready(), away) {
            (true, Some(_)) => {
                tracing::info!(%backbone, "the backbone answers; ready");
                away = None;
            }
            (true, None) => {}
            (false, None | Some(LOOKS_BETWEEN_WORDS)) => {
                tracing::warn!(%backbone, "the backbone does not answer; not ready, trying again");
                away = Some(1);
            }
            (false, Some(looks)) => away = Some(looks + 1),
        }
        tokio::time::sleep(LOOK).await;
    }
}
