use std::fmt;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{Request, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::auth::Secret;
use crate::cli::Failure;

const PATIENCE: Duration = Duration::from_secs(10);
/// All answers are shorter.
const MOST_BYTES: usize = 64 << 10;

/// Where a node's admin API is.
#[derive(Clone, Debug)]
pub(super) struct AdminApi {
    /// `host:port`.
    authority: String,
}

/// What it answered.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Vec<u8>,
}

/// Reads a node's URL.
pub(super) fn parse_url(text: &str) -> Result<AdminApi, String> {
    let wrong = || format!("{text:?} is no node's URL; http://127.0.0.1:7800 is one");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    match (uri.scheme_str(), uri.authority(), uri.path()) {
        (Some("http"), Some(authority), "" | "/") => {
            let port = authority.port_u16().unwrap_or(80);
            Ok(AdminApi { authority: format!("{}:{port}", authority.host()) })
        }
        (Some("https"), _, _) => Err(format!(
            "{text:?}: a node speaks http; TLS ends before it, and a balancer there would pick some node"
        )),
        _ => Err(wrong()),
    }
}

impl AdminApi {
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        key: Option<&Secret>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, format!("Bearer {}", key.reveal()));
        }
        let request = request
            .body(Body::empty())
            .map_err(|_| Failure::wrong("error: the API key has characters that no header can have"))?;
        match tokio::time::timeout(PATIENCE, self.exchange(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Failure::failed(format!("{self} does not answer: {error}"))),
            Err(_) => Err(Failure::failed(format!("{self} does not answer within {PATIENCE:?}"))),
        }
    }

    async fn exchange(
        &self,
        request: Request<Body>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), MOST_BYTES).await?.to_vec();
        connection.abort();
        Ok(Answer { status, body })
    }
}

impl fmt::Display for AdminApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

impl Answer {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::failed(format!(
                "the answer cannot be read ({error}); is this a node of the same version?"
            ))
        })
    }

    /// Why it refuses, in its own words.
    pub(super) fn reason(&self) -> String {
        #[derive(Deserialize)]
        struct Refused {
            reason: String,
        }

        match serde_json::from_slice::<Refused>(&self.body) {
            Ok(refused) => refused.reason,
            Err(_) => format!("it answers {}, as no node does", self.status),
        }
    }
}
