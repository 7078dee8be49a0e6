use std::sync::Arc;

use redis::{PushInfo, PushKind, Value};
use tokio::sync::watch;

use super::cluster::Part;
use super::keys::Keys;
use super::message::Message;
use crate::outlet::{Delivery, Outlet};
use crate::{Arrival, Interrupted};

/// Takes what Redis pushes on one connection.
pub(super) struct Receiver {
    pub(super) keys: Keys,
    pub(super) probe: String,
    pub(super) part: Option<Part>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) hear: watch::Sender<u64>,
    pub(super) break_off: watch::Sender<bool>,
}

impl Receiver {
    /// Never waits: it runs inside the connection's task.
    pub(super) fn take(&self, push: PushInfo) -> Result<(), redis::aio::SendError> {
        match push.kind {
            PushKind::SMessage => self.message(push.data),
            PushKind::SUnsubscribe => self.unsubscribed(&push.data),
            PushKind::Disconnection => {
                self.break_off.send_replace(true);
            }
            // Confirmations reach who asked; nothing else is asked for.
            _ => {}
        }
        Ok(())
    }

    /// The server says that it will send no more news of a channel.
    fn unsubscribed(&self, values: &[Value]) {
        let (Some(part), Some(Value::BulkString(live))) = (&self.part, values.first()) else { return };
        if *live == self.probe.as_bytes() {
            self.break_off.send_replace(true);
        } else if let Some(channel) = self.keys.channel(live) {
            part.unsubscribed(&channel);
        }
    }

    fn message(&self, values: Vec<Value>) {
        let [Value::BulkString(live), Value::BulkString(message)] =
            &mut <[Value; 2]>::try_from(values).unwrap_or([Value::Nil, Value::Nil])
        else {
            return;
        };
        if *live == self.probe.as_bytes() {
            if let Ok(number) = <[u8; 8]>::try_from(message.as_slice()) {
                self.hear.send_replace(u64::from_be_bytes(number));
            }
            return;
        }
        let Some(channel) = self.keys.channel(live) else { return };
        let delivery = self.outlet.deliver(match Message::decode(std::mem::take(message).into()) {
            Some(Message::Entry { entry, .. }) => Arrival::Published(channel, entry),
            Some(Message::Announced(position)) => Arrival::Announced(channel, position),
            Some(Message::Ephemeral(publication)) => Arrival::Ephemeral(channel, publication),
            Some(Message::Presence(change)) => Arrival::Presence(channel, change),
            // A newer node's message: what it says can be read from the log, or not at all.
            None => Arrival::Interrupted(Interrupted::Channels(vec![channel])),
        });
        match delivery {
            Delivery::Done => {}
            // The task finds out why, and ends.
            Delivery::NobodyThere => {
                self.break_off.send_replace(true);
            }
        }
    }
}
