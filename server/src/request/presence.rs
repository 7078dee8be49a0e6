use tidewire_backbone::Counts;
use tidewire_protocol::{Presence, PresenceList, RefusalCode, ServerFrame};

use super::Caller;
use crate::Refusal;
use crate::presence::{PresencePage, reading};

/// Answers who is in a channel, through the gate, and begins or ends to tell who joins and leaves.
pub(crate) async fn presence(caller: Caller, wish: Presence) {
    match answer(&caller, &wish).await {
        Ok(PresencePage { members, connections, users, next }) => {
            let list = PresenceList { id: wish.id, members, connections, users, next };
            caller.connection.say(&ServerFrame::Presence(list));
        }
        Err(refusal) => caller.refuse(wish.id, refusal),
    }
}

async fn answer(caller: &Caller, wish: &Presence) -> Result<PresencePage, Refusal> {
    let Caller { node, connection } = caller;
    let namespace = node.namespace(&wish.channel)?;
    node.policy.presence(&*caller.identity()?, &wish.channel).await?;
    let channel = node.hub.find(&wish.channel);
    // Before reading: what changes while that is under way is told.
    let watches = namespace.presence && wish.watch;
    match &channel {
        Some(channel) if !watches => channel.unwatch(connection.id),
        Some(channel) if channel.watch(connection) => {}
        Some(_) | None if watches => {
            let reason = format!("not subscribed to {}", wish.channel);
            return Err(Refusal::new(RefusalCode::NotSubscribed, reason));
        }
        Some(_) | None => {}
    }
    let page = reading::read(node, &wish.channel, wish.after.as_deref(), wish.limit).await?;
    if let Some(channel) = channel.filter(|_| watches) {
        channel.learn_counts(Counts { connections: page.connections, users: page.users });
    }
    Ok(page)
}
