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
    PrometheusBuilder::new().install_recorder()
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
