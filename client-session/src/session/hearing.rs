//! What a session does with what the server says.

use tidewire_protocol::{
    ClientFrame, HistoryPage, Pong, PresenceList, Published, Refreshed, RefusalCode, Refused, RequestId,
    ServerFrame, Subscribed,
};

use super::Session;
use super::link::{Link, LiveLink};
use super::phase::Phase;
use super::requests::Request;
use crate::{Event, LinkId, Refusal};

impl Session {
    /// A message arrived.
    pub(super) fn hear(&mut self, id: LinkId, frames: Vec<ServerFrame>) {
        let now = self.context.now;
        if let Phase::Live(live) = &mut self.phase
            && live.link.id == id
        {
            live.liveness.heard(now);
        } else if let Some(elder) = &mut self.elder
            && elder.link.id == id
        {
            elder.liveness.heard(now);
        }
        for frame in frames {
            self.take_in(id, frame);
        }
        self.subscriptions.flush(&mut self.context);
    }

    fn take_in(&mut self, id: LinkId, frame: ServerFrame) {
        let Some(link) = find(&mut self.phase, &mut self.elder, id) else { return };
        let context = &mut self.context;
        if !matches!(frame, ServerFrame::Publication(_)) {
            self.subscriptions.flush(context);
        }
        match frame {
            ServerFrame::Publication(delivery) => self.subscriptions.publication(context, link, delivery),
            ServerFrame::Ephemeral(frame) => self.subscriptions.ephemeral(context, link, &frame),
            ServerFrame::Rewound(frame) => self.subscriptions.rewound(context, link, frame),
            ServerFrame::Reset(frame) => self.subscriptions.reset(context, link, frame),
            ServerFrame::Unsubscribed(frame) => {
                if let Some(request) = frame.id {
                    context.requests.answered(id, request);
                }
                self.subscriptions.unsubscribed(context, link, &frame);
                link.aliases.remove(&frame.alias);
            }
            ServerFrame::Subscribed(answer) => self.subscribed(id, answer),
            ServerFrame::Published(answer) => self.published(id, answer),
            ServerFrame::Behind(answer) => {
                if let Some(Request::Publish { channel, round, .. }) =
                    context.requests.answered(id, answer.id)
                {
                    self.outbox.behind(context, &channel, round, answer.last);
                }
            }
            ServerFrame::Refused(answer) => self.refused(id, answer),
            ServerFrame::History(page) => self.page(id, page),
            ServerFrame::Refreshed(answer) => self.refreshed(id, &answer),
            ServerFrame::Welcome(welcome) => self.welcomed(id, welcome),
            ServerFrame::GoingAway(notice) => self.going_away(id, notice),
            ServerFrame::Ping(_) => context.send(id, ClientFrame::Pong(Pong {})),
            ServerFrame::Presence(page) => self.presence_page(id, page),
            ServerFrame::Joined(frame) => self.presence.joined(context, link, frame),
            ServerFrame::Left(frame) => self.presence.left(context, link, frame),
            ServerFrame::Occupancy(frame) => self.presence.occupancy(context, link, frame),
            // Its arrival has said all.
            ServerFrame::Pong(_) => {}
        }
    }

    fn subscribed(&mut self, id: LinkId, answer: Subscribed) {
        if let Some(Request::Subscribe(channel)) = self.context.requests.answered(id, answer.id)
            && let Some(link) = find(&mut self.phase, &mut self.elder, id)
        {
            self.subscriptions.subscribed(&mut self.context, link, &channel, answer);
            if self.subscriptions.speaker(&channel) == Some(id) {
                self.presence.begin(&mut self.context, id, &channel);
            }
        }
    }

    fn published(&mut self, id: LinkId, answer: Published) {
        match self.context.requests.answered(id, answer.id) {
            Some(Request::Publish { channel, seq, round }) => {
                self.outbox.published(&mut self.context, &channel, (seq, round), answer.position);
            }
            Some(Request::Ephemeral(publish)) => {
                self.context.notify(Event::Published { publish, position: answer.position });
            }
            Some(
                Request::Subscribe(_)
                | Request::Unsubscribe
                | Request::History(_)
                | Request::CatchUp(..)
                | Request::Refresh
                | Request::Presence(_),
            )
            | None => {}
        }
    }

    fn refused(&mut self, id: LinkId, Refused { id: request, code, reason }: Refused) {
        if request == RequestId(0) {
            self.context.notify(Event::Trouble(reason));
            return;
        }
        let context = &mut self.context;
        if code == RefusalCode::TokenExpired {
            self.token.expired(context.now);
        }
        match context.requests.answered(id, request) {
            Some(Request::Subscribe(channel)) => {
                self.subscriptions.refused(context, id, &channel, (request, code, reason));
            }
            Some(Request::Publish { channel, seq, round }) => {
                self.outbox.refused(context, &channel, (seq, round), (code, reason));
            }
            Some(Request::Ephemeral(publish)) => {
                context.notify(Event::PublishRefused { publish, refusal: Refusal::Server { code, reason } });
            }
            Some(Request::History(history)) => {
                self.questions.refused(context, history, Refusal::Server { code, reason });
            }
            Some(Request::CatchUp(channel, subscription)) => {
                self.subscriptions.page_refused(context, &channel, subscription);
            }
            Some(Request::Refresh) => {
                context.notify(Event::Trouble(reason));
                self.token.refused(context.now);
            }
            Some(Request::Presence(request)) => self.presence.refused(context, request, (code, reason)),
            // Not subscribed any more: as was wished.
            Some(Request::Unsubscribe) | None => {}
        }
    }

    fn page(&mut self, id: LinkId, page: HistoryPage) {
        let context = &mut self.context;
        match context.requests.answered(id, page.id) {
            Some(Request::History(history)) => self.questions.answered(context, history, page),
            Some(Request::CatchUp(channel, subscription)) => {
                self.subscriptions.page(context, id, (&channel, subscription), page);
            }
            Some(
                Request::Subscribe(_)
                | Request::Unsubscribe
                | Request::Publish { .. }
                | Request::Ephemeral(_)
                | Request::Refresh
                | Request::Presence(_),
            )
            | None => {}
        }
    }

    fn presence_page(&mut self, id: LinkId, page: PresenceList) {
        if let Some(Request::Presence(request)) = self.context.requests.answered(id, page.id) {
            self.presence.answered(&mut self.context, id, request, page);
        }
    }

    fn refreshed(&mut self, id: LinkId, answer: &Refreshed) {
        if let Some(Request::Refresh) = self.context.requests.answered(id, answer.id) {
            self.token.good_for(self.context.now, answer.token_expires_in_ms);
        }
    }
}

/// The link with this number, if it is still ours.
fn find<'a>(phase: &'a mut Phase, elder: &'a mut Option<LiveLink>, id: LinkId) -> Option<&'a mut Link> {
    let link = match phase.link_mut() {
        Some(link) if link.id == id => link,
        _ => &mut elder.as_mut()?.link,
    };
    (link.id == id).then_some(link)
}
