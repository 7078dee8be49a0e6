use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tidewire_protocol::Position;
use tidewire_session::SessionConfig;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::TokenSource;

/// How a client connects.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) urls: Vec<Uri>,
    /// Where its tokens come from.
    pub token: TokenSource,
    /// How its session behaves.
    pub session: SessionConfig,
    /// How many commands may wait for the client's task; one more makes its sender wait.
    pub commands: usize,
    /// How many events of one subscription may wait for the application; see
    /// [`SubscriptionEvent::Overflow`](crate::SubscriptionEvent::Overflow).
    pub events: usize,
    /// How many milliseconds its clock is ahead.
    pub(crate) clock_ahead: Arc<AtomicU64>,
}

/// Why a text is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} is no address of a server: {why}")]
pub struct BadUrl {
    url: String,
    why: &'static str,
}

/// Where servers answer, if the address names no path.
const PATH: &str = "/v1/connect";

impl ClientOptions {
    /// A client of the server at this address: `ws://host:port/v1/connect`; the path may be left out, and `http`
    /// means the same as `ws`.
    ///
    /// # Errors
    /// The text is no such address.
    pub fn new(url: &str) -> Result<Self, BadUrl> {
        Self::with_nodes(&[url])
    }

    /// A client of a cluster: each attempt to connect goes to the next of these addresses.
    ///
    /// # Errors
    /// A text is no such address, or there is none.
    pub fn with_nodes(urls: &[&str]) -> Result<Self, BadUrl> {
        if urls.is_empty() {
            return Err(BadUrl { url: String::new(), why: "there must be at least one" });
        }
        Ok(Self {
            urls: urls.iter().map(|url| parse(url)).collect::<Result<_, _>>()?,
            token: TokenSource::default(),
            session: SessionConfig::default(),
            commands: 1024,
            events: 1024,
            clock_ahead: Arc::default(),
        })
    }

    /// How many milliseconds the clock of this client, and of those with clones of these options, is ahead; more at
    /// any time, as when the machine slept. Less is ignored by what waits already.
    #[cfg(feature = "faults")]
    pub fn clock_ahead(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.clock_ahead)
    }
}

fn parse(url: &str) -> Result<Uri, BadUrl> {
    let bad = |why| BadUrl { url: url.to_owned(), why };
    let (scheme, rest) = url.split_once("://").ok_or_else(|| bad("it has the form ws://host:port/path"))?;
    let scheme = match scheme {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(bad("it begins with ws, wss, http or https")),
    };
    if scheme == "wss" && !cfg!(feature = "tls") {
        return Err(bad("the feature `tls` of tidewire-client is not enabled"));
    }
    let path = if rest.trim_end_matches('/').contains('/') { "" } else { PATH };
    let rest = if path.is_empty() { rest } else { rest.trim_end_matches('/') };
    let uri: Uri =
        format!("{scheme}://{rest}{path}").parse().map_err(|_| bad("it has the form ws://host:port/path"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(bad("it names no host"));
    }
    Ok(uri)
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Without `since`: this many publications before the newest.
    pub last: u64,
    /// After this position, which the application kept from earlier.
    pub since: Option<Position>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_goes_without_saying() {
        for url in ["ws://localhost:7800", "http://localhost:7800/", "ws://localhost:7800/v1/connect"] {
            assert_eq!(parse(url).unwrap().to_string(), "ws://localhost:7800/v1/connect");
        }
        assert_eq!(parse("http://localhost/elsewhere").unwrap().path(), "/elsewhere");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (url, why) in [
            ("localhost:7800", "it has the form ws://host:port/path"),
            ("ftp://localhost", "it begins with ws, wss, http or https"),
            ("ws://:7800", "it names no host"),
        ] {
            assert_eq!(parse(url).unwrap_err().why, why, "{url}");
        }
    }
}
