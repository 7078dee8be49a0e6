//! Metrics for Prometheus. The library counts with the `metrics` facade and leaves the recorder to the
//! application; the binary uses this one.

use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// Between two clearings of what histograms have gathered.
const UPKEEP: Duration = Duration::from_secs(5);

/// Becomes the process's recorder; at most one can.
///
/// # Errors
/// Where there is another recorder.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    for (name, meaning) in METRICS {
        if name.ends_with("_total") {
            metrics::describe_counter!(*name, *meaning);
        } else {
            metrics::describe_gauge!(*name, *meaning);
        }
    }
    Ok(handle)
}

/// `/metrics`, of what was counted since [`install`].
pub fn router(handle: PrometheusHandle) -> Router {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let render = move || std::future::ready((content_type, handle.render()).into_response());
    Router::new().route("/metrics", get(render))
}

/// Keeps the recorder's memory bounded, for as long as it is polled.
pub async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

/// Every metric of the server, and what it counts.
pub const METRICS: &[(&str, &str)] = &[
    (
        "tidewire_accept_failures_total",
        "Failures to accept a TCP connection, as when there are no more files",
    ),
    ("tidewire_api_refusals_total", "Requests of the HTTP API that were refused, by code"),
    ("tidewire_arrivals_doubted_total", "Arrivals that did not fit what the node knew of their log"),
    ("tidewire_arrivals_total", "Publications that the backbone announced to this node"),
    ("tidewire_backbone_failures_total", "Requests that got no answer from the backbone"),
    ("tidewire_channels", "Channels with subscribers on this node, or with some until lately"),
    ("tidewire_closes_total", "Connections that ended, by close code"),
    ("tidewire_connections", "Connections now"),
    ("tidewire_connections_refused_total", "Connections that were refused, by reason"),
    ("tidewire_connections_total", "Connections since the start"),
    ("tidewire_deliveries_total", "Publications handed to subscribers of this node"),
    (
        "tidewire_ephemeral_dropped_total",
        "Ephemeral publications not handed to subscribers that were too slow",
    ),
    ("tidewire_draining", "1 while the node is on its way out"),
    ("tidewire_healed_by_force_total", "Publications appended again by force, as earlier ones are lost"),
    ("tidewire_healed_total", "Publications that a log had lost and this node appended again"),
    ("tidewire_healing_behind", "Publications that a log has lost and this node is still to append again"),
    ("tidewire_http_failures_total", "HTTP connections that broke"),
    ("tidewire_interruptions_total", "Times when the backbone may have missed to announce something"),
    (
        "tidewire_log_gaps_total",
        "Entries of logs in Redis that could not be read or are missing; what was before them is lost",
    ),
    ("tidewire_moves_asked_total", "Clients that were asked to move to another connection, by reason"),
    ("tidewire_origins_refused_total", "Pages of origins that may not connect"),
    ("tidewire_panics_total", "Panics, each of which ended one connection or one task alone"),
    (
        "tidewire_places_disputed_total",
        "Times when another node was seen to have other Redises in its list, or in another order",
    ),
    ("tidewire_presence_expelled_total", "Members of ended nodes that this node removed from channels"),
    ("tidewire_presence_failures_total", "Calls about who is in a channel that failed and are tried again"),
    ("tidewire_presence_leases_ended_total", "Leases of nodes that this node found to have ended"),
    (
        "tidewire_presence_leases_lost_total",
        "Times when the node's own lease was lost and its members were entered again",
    ),
    ("tidewire_presence_missed_total", "Changes for which a slow watcher had no room, so that it asks again"),
    ("tidewire_publishes_total", "Publishes handed to the backbone"),
    ("tidewire_refusals_total", "Requests of clients that were refused, by code"),
    ("tidewire_replayed_total", "Publications sent again to returning subscribers"),
    ("tidewire_resets_total", "Subscribers that were told that their place in a log is gone"),
    ("tidewire_rewinds_total", "Subscribers that were told that their log went back"),
    ("tidewire_settling", "Publications kept for a failover, until they are settled"),
    ("tidewire_settling_bytes", "Bytes of the publications kept for a failover"),
    ("tidewire_settling_overflow_total", "Publications not kept until they were settled, as too many were"),
    ("tidewire_shared_sockets", "Sockets now that carry several connections, or may"),
    (
        "tidewire_shared_spared_total",
        "Copies that were not sent, as one message went to several connections of a shared socket",
    ),
    ("tidewire_shared_streams_total", "Connections over shared sockets since the start"),
    (
        "tidewire_subscriptions_behind_total",
        "Times when a slow subscriber turned to catching up from the log",
    ),
    ("tidewire_sweeps_failed_total", "Verifications of a log that failed and are tried again"),
    ("tidewire_sweeps_total", "Verifications of a log"),
    ("tidewire_tokens_refused_total", "Tokens that were refused, by reason"),
    (
        "tidewire_tunnel_forwards_total",
        "Requests of connections without a WebSocket passed to another node, by how",
    ),
    ("tidewire_tunnels_total", "Connections without a WebSocket since the start, by way"),
    (
        "tidewire_unhealable_total",
        "Publications that a log has lost and this node may not or cannot append again",
    ),
];
