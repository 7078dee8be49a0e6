use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidewire_session::TokenError;

/// Where a client's tokens come from.
#[derive(Clone, Default)]
pub enum TokenSource {
    /// There are none: the client is anonymous.
    #[default]
    Anonymous,
    /// One that does not change.
    Fixed(String),
    /// The application fetches one: at the start, and again before the last one expires.
    Fetched(Arc<dyn Fn() -> BoxFuture<'static, Result<String, TokenError>> + Send + Sync>),
}

impl TokenSource {
    /// Tokens that an asynchronous function fetches.
    pub fn fetched<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        Self::Fetched(Arc::new(move || Box::pin(fetch())))
    }

    pub(crate) fn fetch(&self) -> BoxFuture<'static, Result<Option<String>, TokenError>> {
        match self {
            Self::Anonymous => Box::pin(std::future::ready(Ok(None))),
            Self::Fixed(token) => Box::pin(std::future::ready(Ok(Some(token.clone())))),
            Self::Fetched(fetch) => {
                let fetching = fetch();
                Box::pin(async move { fetching.await.map(Some) })
            }
        }
    }
}

impl fmt::Debug for TokenSource {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Fixed(_) => "Fixed",
            Self::Fetched(_) => "Fetched",
        })
    }
}
