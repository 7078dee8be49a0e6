use tidewire_protocol::{Presence, RefusalCode};

use super::Caller;
use crate::Refusal;

/// Answers who is in a channel, through the gate. This server does not offer it, and says so in `welcome`; who
/// may not ask learns no more than that.
pub(crate) async fn presence(caller: Caller, wish: Presence) {
    let refusal = match admit(&caller, &wish).await {
        Ok(()) => Refusal::new(RefusalCode::NotSupported, "this server does not tell who is in a channel"),
        Err(refusal) => refusal,
    };
    caller.refuse(wish.id, refusal);
}

async fn admit(caller: &Caller, wish: &Presence) -> Result<(), Refusal> {
    caller.node.namespace(&wish.channel)?;
    caller.node.policy.presence(&*caller.identity()?, &wish.channel).await
}
