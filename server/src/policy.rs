use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use tidewire_protocol::{ChannelName, CloseCode, RefusalCode};

/// Who may connect, subscribe and publish. Namespaces that the node does not know are refused before it is asked.
#[async_trait]
pub trait Policy: Send + Sync + 'static {
    /// Lets a connection in, on its hello.
    async fn connect(&self, credentials: Credentials) -> Result<Identity, Closing>;

    /// Takes a new token for a connection that is in. A policy sees to it that it is the same user's.
    async fn refresh(&self, identity: &Identity, credentials: Credentials) -> Result<Identity, Closing>;

    /// Whether a connection may subscribe to a channel. Asked again for every subscription after a refresh.
    async fn subscribe(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal>;

    /// Whether a connection may publish to a channel.
    async fn publish(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal>;

    /// Whether a connection may see who is in a channel: whoever may subscribe.
    async fn presence(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        self.subscribe(identity, channel).await
    }

    /// Whether a connection may read a channel's log: whoever may subscribe.
    async fn history(&self, identity: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
        self.subscribe(identity, channel).await
    }
}

/// What a client shows at the door.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The token of `hello` or `refresh`.
    pub token: Option<String>,
    /// Where the connection comes from; absent where the router was mounted without connect info.
    pub remote: Option<SocketAddr>,
    /// The page's origin, as the browser names it; other clients send none.
    pub origin: Option<String>,
    /// The host that the client asked for.
    pub host: Option<String>,
}

/// Who a connection is, once it is in.
#[derive(Clone)]
pub struct Identity {
    /// The user; `None` is anonymous.
    pub user: Option<String>,
    /// What others see of the connection where presence is told; JSON, for clients to read.
    pub info: Option<String>,
    /// When the token stops being good.
    pub expires_at: Option<SystemTime>,
    /// What the policy needs to know later: channel patterns and the like.
    pub grants: Arc<dyn Any + Send + Sync>,
}

impl Identity {
    /// Nobody in particular, for as long as the connection lasts.
    pub fn anonymous() -> Self {
        Self { user: None, info: None, expires_at: None, grants: Arc::new(()) }
    }
}

/// Why one request is not done; the connection lives on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Refusal {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why, for people.
    pub reason: String,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Closing {
    /// Why, for programs; says whether to come back.
    pub code: CloseCode,
    /// Why, for people; at most 123 bytes arrive.
    pub reason: String,
}

impl Closing {
    /// An end with its reason.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Lets everyone do everything, for tests and behind other doors; a token's text becomes the user.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

#[async_trait]
impl Policy for AllowAll {
    async fn connect(&self, credentials: Credentials) -> Result<Identity, Closing> {
        Ok(Identity { user: credentials.token, ..Identity::anonymous() })
    }

    async fn refresh(&self, identity: &Identity, _: Credentials) -> Result<Identity, Closing> {
        Ok(identity.clone())
    }

    async fn subscribe(&self, _: &Identity, _: &ChannelName) -> Result<(), Refusal> {
        Ok(())
    }

    async fn publish(&self, _: &Identity, _: &ChannelName) -> Result<(), Refusal> {
        Ok(())
    }
}
