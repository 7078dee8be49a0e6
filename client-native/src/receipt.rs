use std::pin::Pin;
use std::task::{Context, Poll};

use tidewire_protocol::Position;
use tidewire_session::{Doubt, Refusal};
use tokio::sync::oneshot;

use crate::Closed;

/// A publication is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where it stands; absent where that is not known, and in ephemeral namespaces.
    pub position: Option<Position>,
}

/// Why a publication is not known to be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is not accepted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody knows.
    #[error(transparent)]
    InDoubt(#[from] Doubt),
    /// The client is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// The answer to a publish, to be awaited when it matters. Dropping it does not take back the publish.
#[derive(Debug)]
pub struct Receipt(pub(crate) oneshot::Receiver<Result<Published, PublishError>>);

impl Future for Receipt {
    type Output = Result<Published, PublishError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(PublishError::Closed(Closed))))
    }
}
