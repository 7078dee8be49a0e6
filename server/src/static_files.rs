//! A page's files beside the server, for demonstrations.

use std::path::Path;

use axum::Router;
use tower_http::services::{ServeDir, ServeFile};

/// Serves the files of a directory for every path without a route; its `index.html` where there is no file, so
/// that a page's own router sees the path.
pub fn beside(router: Router, directory: &Path) -> Router {
    let index = ServeFile::new(directory.join("index.html"));
    router.fallback_service(ServeDir::new(directory).fallback(index))
}
