use std::sync::Arc;

use tidewire_protocol::ChannelName;
use tokio::sync::watch;

use super::routes::Routes;
use super::wanted::Wanted;
use crate::redis::RedisHost;
use crate::redis::keys::Keys;

/// What the subscriptions at one primary need to know of the cluster that it is part of.
#[derive(Clone)]
pub(in crate::redis) struct Part {
    pub(super) host: RedisHost,
    pub(super) wanted: Arc<Wanted>,
    pub(super) routes: watch::Receiver<Arc<Routes>>,
}

/// A name in a slot of a primary with one slot in a thousand is found with this many in all likelihood.
const ATTEMPTS: usize = 8192;

impl Part {
    /// A name for probes in a slot that this primary has.
    pub(in crate::redis) fn probe(&self, keys: &Keys) -> String {
        let routes = self.routes.borrow();
        let mut names = std::iter::repeat_with(|| keys.probe(rand::random())).take(ATTEMPTS);
        let is_here = |name: &String| routes.map.owner_of_key(name) == Some(&self.host);
        // Where it is another's, that one is named in the refusal, and the next attempt looks again.
        names.find(is_here).unwrap_or_else(|| keys.probe(rand::random()))
    }

    /// The server says that a channel is not subscribed to any more: it was asked to, or the slot has moved away.
    pub(in crate::redis) fn unsubscribed(&self, channel: &ChannelName) {
        self.wanted.unsubscribed(channel, &self.host);
    }

    /// The link broke, with all its subscriptions.
    pub(in crate::redis) fn lost(&self) {
        self.wanted.lost(&self.host);
    }
}
