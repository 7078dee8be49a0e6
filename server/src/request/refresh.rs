use std::sync::Arc;

use tidewire_protocol::{
    ChannelName, CloseCode, Refresh, Refreshed, RefusalCode, ServerFrame, UnsubscribeCode, Unsubscribed,
};

use super::{Caller, greet};
use crate::channel::Channel;
use crate::connection::Greeted;
use crate::{Closing, Credentials, Refusal};

/// Takes a new token, and ends the subscriptions that it does not allow; answers with their names.
pub(crate) async fn refresh(
    caller: Caller,
    wish: Refresh,
    subscribed: Vec<Arc<Channel>>,
) -> Vec<ChannelName> {
    let before = caller.identity().ok();
    match take(&caller, wish.token).await {
        Ok(token_expires_in_ms) => {
            let refreshed = Refreshed { id: wish.id, token_expires_in_ms };
            caller.connection.say(&ServerFrame::Refreshed(refreshed));
        }
        Err(refusal) => {
            caller.refuse(wish.id, refusal);
            return Vec::new();
        }
    }
    let Ok(identity) = caller.identity() else { return Vec::new() };
    let mut ended = Vec::new();
    for channel in subscribed {
        if caller.node.policy.subscribe(&identity, &channel.name).await.is_err() {
            channel.leave(caller.connection.id, caller.connection.clock.now());
            let (alias, code) = (channel.alias, UnsubscribeCode::Forbidden);
            caller.connection.say(&ServerFrame::Unsubscribed(Unsubscribed { alias, code, id: None }));
            ended.push(channel.name.clone());
        } else if before.as_ref().is_some_and(|before| before.info != identity.info) {
            channel.enters(&caller.connection);
        }
    }
    ended
}

/// A token that is no good leaves the old one in force, as long as that lasts.
async fn take(caller: &Caller, token: String) -> Result<Option<u64>, Refusal> {
    let Greeted { identity, publisher } = caller.greeted()?;
    let credentials = Credentials { token: Some(token), ..(*caller.connection.door).clone() };
    let identity = caller.node.policy.refresh(&identity, credentials).await.map_err(as_refusal)?;
    greet::take(caller, Greeted { identity: Arc::new(identity), publisher }).map_err(as_refusal)
}

fn as_refusal(closing: Closing) -> Refusal {
    let code = match closing.code {
        CloseCode::TokenExpired => RefusalCode::TokenExpired,
        CloseCode::TokenInvalid => RefusalCode::TokenInvalid,
        CloseCode::GoingAway
        | CloseCode::Unresponsive
        | CloseCode::HelloTimeout
        | CloseCode::TooSlow
        | CloseCode::Internal
        | CloseCode::Overloaded
        | CloseCode::TooFast
        | CloseCode::Malformed
        | CloseCode::TooLarge
        | CloseCode::TooManyFragments
        | CloseCode::TooManyFrames
        | CloseCode::Forbidden
        | CloseCode::HelloExpected
        | CloseCode::Disconnected
        | CloseCode::Unknown(_) => RefusalCode::Forbidden,
    };
    Refusal { code, reason: closing.reason }
}
