use tidewire_protocol::{ChannelName, RequestId, Seq};

use super::presence::PresenceRequest;
use super::table::Table;
use crate::{HistoryId, LinkId, PublishId, SubscriptionId};

/// What waits for an answer, on which link.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last: u32,
    waiting: Table<RequestId, (LinkId, Request)>,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe(ChannelName),
    Unsubscribe,
    /// A publication of the outbox; `round` tells which of its sendings.
    Publish {
        channel: ChannelName,
        seq: Seq,
        round: u32,
    },
    /// A publication of an ephemeral namespace.
    Ephemeral(PublishId),
    History(HistoryId),
    /// A page that brings a later subscription of a channel to where the channel is.
    CatchUp(ChannelName, SubscriptionId),
    Refresh,
    Presence(PresenceRequest),
}

impl Requests {
    pub(super) fn add(&mut self, link: LinkId, request: Request) -> RequestId {
        // 0 stands for no request.
        self.last = self.last.checked_add(1).unwrap_or(1);
        let id = RequestId(self.last);
        self.waiting.insert(id, (link, request));
        id
    }

    /// What a link's answer is for; `None` where nobody waits for it any more.
    pub(super) fn answered(&mut self, link: LinkId, id: RequestId) -> Option<Request> {
        match self.waiting.get(&id) {
            Some((asked, _)) if *asked == link => self.waiting.remove(&id).map(|(_, request)| request),
            Some(_) | None => None,
        }
    }

    /// Takes away what a lost link will not answer.
    pub(super) fn lose(&mut self, link: LinkId) -> Table<RequestId, (LinkId, Request)> {
        self.waiting.take(&mut |(_, (asked, _))| *asked == link)
    }

    /// Whether answers are awaited on the link that would not come again on another.
    pub(super) fn hold(&self, link: LinkId) -> bool {
        self.waiting.values().any(|(asked, request)| {
            *asked == link
                && match request {
                    Request::Ephemeral(_) | Request::History(_) | Request::CatchUp(..) | Request::Refresh => {
                        true
                    }
                    Request::Subscribe(_) | Request::Unsubscribe | Request::Publish { .. } => false,
                    // Asked again where it is wanted.
                    Request::Presence(_) => false,
                }
        })
    }

    /// How many publications of ephemeral namespaces wait.
    pub(super) fn ephemerals(&self) -> usize {
        self.waiting.values().filter(|(_, request)| matches!(request, Request::Ephemeral(_))).count()
    }
}
