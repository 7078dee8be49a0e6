//! A request may come to any node. One that does not have the tunnel asks the one that has it, through the backbone:
//! each node has a channel of its own there, in a namespace that no client can name. What gets lost on the way is
//! answered by nobody: the request fails, and the client comes back with a new connection, as after any lost one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidewire_backbone::{BackboneError, Draft, Retention};
use tidewire_protocol::{ChannelName, Payload, PublisherId};

use super::letter::{Letter, Question};
use super::{AWAY, NodeKey, Outcome, TunnelId};
use crate::scope::Scope;

/// The namespace of the nodes' own channels.
pub(crate) const NODES: &str = "_nodes";

/// Sees to it that other nodes reach this one.
///
/// # Errors
/// The backbone could not be asked.
pub(crate) async fn ready(scope: &Scope) -> Result<(), BackboneError> {
    let Some(inbox) = &scope.tunnels.inbox else { return Ok(()) };
    let listen = || scope.in_time(scope.backbone.listen(inbox));
    scope.tunnels.listens.get_or_try_init(listen).await.map(|_| ())
}

/// Says something to a connection, wherever it is; the request has this number.
pub(crate) async fn up(scope: &Scope, id: TunnelId, number: u64, bytes: Bytes) -> Outcome {
    put(scope, id, Question::Up { number, bytes }).await
}

/// Hears what a connection says, wherever it is, after so many bytes that have arrived.
pub(crate) async fn down(scope: &Scope, id: TunnelId, arrived: u64) -> Outcome {
    put(scope, id, Question::Down { arrived }).await
}

async fn put(scope: &Scope, id: TunnelId, question: Question) -> Outcome {
    if id.node == scope.tunnels.key {
        return here(scope, id.secret, question, scope.limits.poll_wait).await;
    }
    let outcome = elsewhere(scope, id, question).await;
    let how = if outcome == Outcome::Unreachable { "unreachable" } else { "answered" };
    metrics::counter!("tidewire_tunnel_forwards_total", "how" => how).increment(1);
    outcome
}

async fn here(scope: &Scope, secret: u128, question: Question, wait: Duration) -> Outcome {
    let Some(tunnel) = scope.tunnels.find(secret) else { return Outcome::Gone };
    match question {
        Question::Up { number, bytes } => {
            // A connection that is not read reads nothing either.
            let taken = tokio::time::timeout(scope.patience, tunnel.up.take(number, bytes));
            taken.await.unwrap_or(Outcome::Unreachable)
        }
        Question::Down { arrived } => tunnel.down.after(arrived, wait).await,
    }
}

async fn elsewhere(scope: &Scope, id: TunnelId, question: Question) -> Outcome {
    let Some(inbox) = inbox_of(id.node) else { return Outcome::Gone };
    let Ok(_place) = scope.tunnels.asking.try_acquire() else { return Outcome::Unreachable };
    if ready(scope).await.is_err() {
        return Outcome::Unreachable;
    }
    let (ticket, told) = scope.tunnels.wait();
    let _ticket = Ticket { scope, ticket };
    let letter = Letter::Question { asker: scope.tunnels.key, ticket, secret: id.secret, question };
    if scope.in_time(send(scope, &inbox, letter)).await.is_err() {
        return Outcome::Unreachable;
    }
    match tokio::time::timeout(AWAY + scope.patience, told).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Outcome::Unreachable,
    }
}

/// Something came to this node's own channel.
pub(crate) fn answer(scope: &Arc<Scope>, payload: Payload) {
    let (Payload::Binary(bytes) | Payload::Json(bytes)) = payload;
    match Letter::read(bytes) {
        Some(Letter::Answer { ticket, outcome }) => scope.tunnels.tell(ticket, outcome),
        Some(Letter::Question { asker, ticket, secret, question }) => {
            // Too many are not answered: whoever asked gives up.
            let Ok(place) = scope.tunnels.asked.clone().try_acquire_owned() else { return };
            let answering = scope.clone();
            scope.tasks.spawn(async move {
                let outcome = here(&answering, secret, question, answering.limits.poll_wait.min(AWAY)).await;
                let Some(inbox) = inbox_of(asker) else { return };
                let sent = answering.in_time(send(&answering, &inbox, Letter::Answer { ticket, outcome }));
                if let Err(error) = sent.await {
                    tracing::debug!(%error, "another node could not be answered");
                }
                drop(place);
            });
        }
        None => tracing::debug!("another node said something that this version does not know"),
    }
}

/// Another node's own channel.
pub(super) fn inbox_of(node: NodeKey) -> Option<ChannelName> {
    format!("{NODES}:{:016x}", node.0).parse().ok()
}

async fn send(scope: &Scope, inbox: &ChannelName, letter: Letter) -> Result<(), BackboneError> {
    let payload = Payload::Binary(letter.write());
    let draft = Draft { publisher: PublisherId(0), seq: 0, payload, user: None, force: false };
    scope.backbone.publish(inbox, draft, Retention::None).await.map(|_| ())
}

/// A question that is put; who stops waiting takes it back.
struct Ticket<'a> {
    scope: &'a Scope,
    ticket: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.scope.tunnels.forget(self.ticket);
    }
}
