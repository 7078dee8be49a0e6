use std::sync::Arc;
use std::time::SystemTime;

use tidewire_protocol::{CloseCode, Hello, Limits, ServerFrame, Welcome};

use super::Caller;
use crate::clock;
use crate::connection::Greeted;
use crate::moving::{Why, ask};
use crate::{Closing, Credentials, Identity};

/// Lets a connection in, or says why not.
pub(crate) async fn greet(caller: Caller, hello: Hello) -> Result<Greeted, Closing> {
    let credentials = Credentials { token: hello.token, ..(*caller.connection.door).clone() };
    let identity = caller.node.policy.connect(credentials).await?;
    tracing::debug!(connection = caller.connection.id.0, sdk = hello.sdk, "hello");
    Ok(Greeted { identity: Arc::new(identity), publisher: hello.publisher })
}

/// Takes a greeted connection in, and tells it what it needs to know.
pub(crate) fn welcome(caller: &Caller, greeted: Greeted) {
    let token_expires_in_ms = match take(caller, greeted.clone()) {
        Ok(left) => left,
        Err(closing) => return caller.close(closing),
    };
    let settings = &caller.node.settings;
    let limits = &settings.limits;
    caller.connection.say(&ServerFrame::Welcome(Welcome {
        connection: caller.node.scope.register.name(caller.connection.id),
        node: caller.node.name.clone(),
        heartbeat_ms: millis(settings.heartbeat),
        reconnect_spread_ms: millis(settings.reconnect_spread),
        limits: Limits {
            message_bytes: number(limits.message_bytes),
            frames_per_message: number(limits.frames_per_message),
            subscriptions: number(limits.subscriptions),
            settle_ms: millis(settings.settle),
            dedup_ms: millis(settings.dedup),
        },
        user: greeted.identity.user.clone(),
        token_expires_in_ms,
        ephemeral: settings.namespaces.ephemeral(),
        features: if caller.node.tells_presence() { vec![PRESENCE.to_owned()] } else { Vec::new() },
    }));
    // It came through the door before that was shut.
    if let Some(drain) = caller.node.departure.under_way() {
        ask(&caller.connection, drain, Why::Drain);
    }
}

/// Notes who a connection is; answers how long its token is good.
pub(super) fn take(caller: &Caller, greeted: Greeted) -> Result<Option<u64>, Closing> {
    let left = left_of(&greeted.identity)?;
    let (bytes, most) =
        (greeted.identity.info.as_ref().map_or(0, String::len), caller.node.settings.limits.info_bytes);
    if bytes > most {
        let reason = format!("the information about the user has {bytes} bytes, {most} are allowed");
        return Err(Closing::new(CloseCode::TokenInvalid, reason));
    }
    let clock = caller.connection.clock;
    let ends = left.map_or(0, |left| clock.now().saturating_add(left));
    caller.connection.greet(greeted, ends);
    Ok(left)
}

/// The feature of being told who is in a channel.
const PRESENCE: &str = "presence";

fn left_of(identity: &Identity) -> Result<Option<u64>, Closing> {
    let Some(expires_at) = identity.expires_at else { return Ok(None) };
    match expires_at.duration_since(SystemTime::now()) {
        Ok(left) => Ok(Some(clock::millis(left))),
        Err(_) => Err(Closing::new(CloseCode::TokenExpired, "the token has expired")),
    }
}

fn millis(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn number(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
