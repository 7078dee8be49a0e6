use tidewire_protocol::{History, HistoryPage, ServerFrame};

use super::Caller;
use crate::Refusal;
use crate::history::{self, Page};

/// Answers with a part of a channel's log, through the gate.
pub(crate) async fn history(caller: Caller, wish: History) {
    match read(&caller, &wish).await {
        Ok(Page { position, publications, reset, more }) => {
            let page = HistoryPage { id: wish.id, position, publications, reset, more };
            caller.connection.say(&ServerFrame::History(page));
        }
        Err(refusal) => caller.refuse(wish.id, refusal),
    }
}

async fn read(caller: &Caller, wish: &History) -> Result<Page, Refusal> {
    let node = &caller.node;
    node.namespace(&wish.channel)?;
    node.policy.history(&*caller.identity()?, &wish.channel).await?;
    history::read(node, &wish.channel, wish.since, wish.limit).await
}
