use futures_util::future::BoxFuture;
use tidewire_backbone::{Appended, BackboneError, Draft};
use tidewire_protocol::{Behind, Publish, Published, RefusalCode, RequestId, ServerFrame};
use tokio::time::Instant;

use super::Caller;
use crate::Refusal;

/// A publication that has its place in line, and whose answer is still to come.
pub(crate) struct Appending {
    answer: BoxFuture<'static, Result<Appended, BackboneError>>,
    deadline: Instant,
}

/// Passes a publish through the gate and puts it in line.
pub(crate) async fn publish(caller: &Caller, wish: Publish) -> Result<Appending, Refusal> {
    let greeted = caller.greeted()?;
    caller.node.namespace(&wish.channel)?;
    caller.node.policy.publish(&greeted.identity, &wish.channel).await?;
    let publisher = wish.publisher.or(greeted.publisher).ok_or_else(|| {
        Refusal::new(RefusalCode::BadSeq, "who publishes names a publisher, in hello or with the publication")
    })?;
    let Publish { channel, seq, payload, force, .. } = wish;
    let user = greeted.identity.user.clone();
    let answer = caller.node.append(&channel, Draft { publisher, seq, payload, user, force })?;
    Ok(Appending { answer, deadline: caller.node.deadline() })
}

/// Waits for the backbone's answer, and passes it on.
pub(crate) async fn answer(caller: Caller, id: RequestId, appending: Appending) {
    match caller.node.until(appending.deadline, appending.answer).await {
        Ok(Appended::Accepted { position, .. } | Appended::Old { position }) => {
            caller.connection.say(&ServerFrame::Published(Published { id, position }));
        }
        Ok(Appended::Behind { last }) => caller.connection.say(&ServerFrame::Behind(Behind { id, last })),
        Err(refusal) => caller.refuse(id, refusal),
    }
}
