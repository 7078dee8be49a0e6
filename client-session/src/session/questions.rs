use tidewire_protocol::{ChannelName, ClientFrame, History, HistoryPage, Position};

use super::context::Context;
use super::requests::Request;
use super::table::Table;
use crate::{Event, HistoryId, LinkId, Refusal};

/// The application's questions for parts of logs. They wait for a link, and are asked again on the next.
/// Bounded: one too many is refused.
#[derive(Debug, Default)]
pub(super) struct Questions(Table<HistoryId, Question>);

#[derive(Debug)]
struct Question {
    channel: ChannelName,
    since: Option<Position>,
    limit: u64,
    asked: Option<LinkId>,
}

impl Questions {
    pub(super) fn add(
        &mut self,
        context: &mut Context,
        history: HistoryId,
        (channel, since, limit): (ChannelName, Option<Position>, u64),
        most: usize,
    ) {
        if self.0.len() < most {
            self.0.insert(history, Question { channel, since, limit, asked: None });
        } else {
            context.notify(Event::HistoryRefused { history, refusal: Refusal::Overflow });
        }
    }

    /// Asks what is not asked yet.
    pub(super) fn pump(&mut self, context: &mut Context, link: LinkId) {
        for (&history, question) in self.0.iter_mut().filter(|(_, question)| question.asked.is_none()) {
            question.asked = Some(link);
            let Question { channel, since, limit, .. } = question;
            context.ask(link, Request::History(history), |id| {
                ClientFrame::History(History { id, channel: channel.clone(), since: *since, limit: *limit })
            });
        }
    }

    /// The link that should answer is lost.
    pub(super) fn lost(&mut self, history: HistoryId) {
        if let Some(question) = self.0.get_mut(&history) {
            question.asked = None;
        }
    }

    pub(super) fn answered(&mut self, context: &mut Context, history: HistoryId, page: HistoryPage) {
        if self.0.remove(&history).is_some() {
            context.notify(Event::History { history, page });
        }
    }

    pub(super) fn refused(&mut self, context: &mut Context, history: HistoryId, refusal: Refusal) {
        if self.0.remove(&history).is_some() {
            context.notify(Event::HistoryRefused { history, refusal });
        }
    }

    pub(super) fn end(&mut self, context: &mut Context) {
        for &history in self.0.keys() {
            context.notify(Event::HistoryRefused { history, refusal: Refusal::Ended });
        }
        self.0.clear();
    }
}
