use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidewire_protocol::CloseCode;
use tokio::time::Sleep;

use crate::Closing;
use crate::node::Inner;

/// What a shared socket waits for, and not for ever. Each of its connections is looked at by the node's ticker.
#[derive(Default)]
pub(super) struct Patience {
    /// A connection.
    idle: Option<BoxFuture<'static, Closing>>,
    /// The end of the message that began at this time.
    late: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Patience {
    /// Waits for a connection, of which there is none; nobody waits on a node that goes away.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>, node: &Arc<Inner>) -> Poll<Closing> {
        self.idle.get_or_insert_with(|| idle(node.clone()).boxed()).poll_unpin(cx)
    }

    /// There are connections.
    pub(super) fn is_busy(&mut self) {
        self.idle = None;
    }

    /// Waits for the end of a message; it began at this time, or never.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>, node: &Inner, began: u64) -> Poll<Closing> {
        if began == 0 {
            self.late = None;
            return Poll::Pending;
        }
        let late = match self.late.take().filter(|(of, _)| *of == began) {
            Some((_, late)) => late,
            None => Box::pin(tokio::time::sleep(node.settings.limits.message_within)),
        };
        let (_, late) = self.late.insert((began, late));
        late.as_mut()
            .poll(cx)
            .map(|()| Closing::new(CloseCode::TooManyFragments, "a message took too long to arrive"))
    }
}

async fn idle(node: Arc<Inner>) -> Closing {
    tokio::select! {
        () = node.departure.begins() => Closing::new(CloseCode::GoingAway, "this node has gone away"),
        () = tokio::time::sleep(node.settings.limits.hello_within) => {
            Closing::new(CloseCode::HelloTimeout, "no connection was opened in time")
        }
    }
}
