use std::sync::Arc;

use tidewire_protocol::{RefusalCode, Subscribe};

use super::Caller;
use crate::Refusal;
use crate::channel::{Channel, Joined, join};

/// Subscribes the caller, through the gate; `None` where that was refused.
pub(crate) async fn subscribe(caller: Caller, mut wish: Subscribe) -> Option<Arc<Channel>> {
    for position in &mut wish.since {
        *position = caller.node.scope.switches.position(*position);
    }
    match enter(&caller, &wish).await {
        Ok(channel) => Some(channel),
        Err(refusal) => {
            caller.refuse(wish.id, refusal);
            None
        }
    }
}

async fn enter(caller: &Caller, wish: &Subscribe) -> Result<Arc<Channel>, Refusal> {
    let Caller { node, connection } = caller;
    if wish.since.len() > MOST_OFFERS {
        let reason = format!("at most {MOST_OFFERS} positions can be offered");
        return Err(Refusal::new(RefusalCode::Malformed, reason));
    }
    let namespace = node.namespace(&wish.channel)?;
    node.policy.subscribe(&*caller.identity()?, &wish.channel).await?;
    loop {
        let channel = node.hub.occupy(&wish.channel, namespace, connection.clock.now());
        match node.in_time(join(&channel, connection, wish)).await? {
            Joined::Yes => return Ok(channel),
            Joined::ChannelLeft => {}
        }
    }
}

const MOST_OFFERS: usize = 16;
