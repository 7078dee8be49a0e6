//! What happens by the clock, for all connections and channels of a node: one task, no timer for each of them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tidewire_protocol::{CloseCode, Ping, ServerFrame};

use crate::clock::millis;
use crate::connection::Connection;
use crate::moving::{Why, ask};
use crate::node::Inner;
use crate::{Closing, Settings, Stage};

/// Ticks until the node stops.
pub(crate) async fn run(node: Arc<Inner>) {
    let shortest = node.settings.heartbeat.min(node.settings.limits.hello_within);
    let tick = (shortest / 4).clamp(SHORTEST, LONGEST);
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut settled_at = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = node.scope.stop.cancelled() => return,
        }
        let now = node.clock.now();
        for connection in node.connections.all() {
            look_at(&connection, &node.settings, now, millis(tick));
        }
        node.hub.tick_presence(now);
        node.hub.leave_deserted(now.saturating_sub(millis(node.settings.linger)));
        if now >= settled_at {
            settled_at = now + millis(SETTLES);
            let left = node.hub.healings.let_go(now);
            node.scope.tally.tell(left.behind);
            metrics::gauge!("tidewire_settling").set(left.settling as f64);
            metrics::gauge!("tidewire_settling_bytes").set(left.bytes as f64);
            metrics::gauge!("tidewire_healing_behind").set(left.behind as f64);
        }
        metrics::gauge!("tidewire_connections").set(node.connections.count() as f64);
        metrics::gauge!("tidewire_draining").set(f64::from(node.departure.stage() != Stage::Serving));
        metrics::gauge!("tidewire_channels").set(node.hub.count() as f64);
    }
}

fn look_at(connection: &Connection, settings: &Settings, now: u64, tick: u64) {
    let activity = &connection.activity;
    let since = |then: u64| now.saturating_sub(then);
    let close = |code, reason: &str| connection.outbox.close(Closing::new(code, reason));
    let greeted = connection.is_greeted();
    if !greeted && since(activity.opened) > millis(settings.limits.hello_within) {
        return close(CloseCode::HelloTimeout, "no hello came in time");
    }
    let assembling = activity.assembling.load(Relaxed);
    if assembling != 0 && since(assembling) > millis(settings.limits.message_within) {
        return close(CloseCode::TooManyFragments, "a message took too long to arrive");
    }
    let token_ends = activity.token_ends.load(Relaxed);
    if token_ends != 0 && now > token_ends.saturating_add(millis(settings.token_grace)) {
        return close(CloseCode::TokenExpired, "the token has expired, come back with a new one");
    }
    let heartbeat = millis(settings.heartbeat);
    let (heard, said, pinged) =
        (activity.heard.load(Relaxed), activity.said.load(Relaxed), activity.pinged.load(Relaxed));
    if since(heard) > heartbeat + millis(settings.heartbeat_grace) {
        return close(CloseCode::Unresponsive, "nothing was heard for too long");
    }
    let old = activity.grows_old != 0 && now >= activity.grows_old;
    if greeted && old && !activity.asked_to_move.load(Relaxed) {
        ask(connection, settings.drain, Why::Age);
    }
    // At the last tick before it would be late.
    let due = |then| since(then) + tick >= heartbeat;
    if greeted && (due(heard) || due(said)) && due(pinged) {
        activity.pinged.store(now, Relaxed);
        connection.say(&ServerFrame::Ping(Ping {}));
    }
}

const SHORTEST: Duration = Duration::from_millis(10);
/// Between two looks at what is settled, and two lines of what was healed.
const SETTLES: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_millis(1000);
