mod watched;

use tidewire_protocol::{
    Advice, Alias, ChannelName, ClientFrame, Joined, Left, Member, Occupancy, Presence as Wish, PresenceList,
    RefusalCode,
};

use self::watched::Watched;
use super::context::Context;
use super::link::Link;
use super::requests::Request;
use super::table::Table;
use crate::{Event, LinkId, PresenceEvent, PresenceId, Refusal, Timestamp};

/// Who is in channels: the application's questions, and the channels that it watches.
///
/// Questions wait for a link and are asked again on the next, like those for logs, and are bounded like them.
#[derive(Debug, Default)]
pub(super) struct Presence {
    questions: Table<PresenceId, Question>,
    channels: Table<ChannelName, Watched>,
    by_id: Table<PresenceId, ChannelName>,
}

#[derive(Debug)]
struct Question {
    channel: ChannelName,
    after: Option<String>,
    limit: u64,
    asked: Option<LinkId>,
}

/// What an answer about presence is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PresenceRequest {
    Question(PresenceId),
    /// A page of a list that is kept.
    List(ChannelName),
    /// The end of a watch.
    Unwatch,
}

impl Presence {
    pub(super) fn ask(
        &mut self,
        context: &mut Context,
        presence: PresenceId,
        (channel, after, limit): (ChannelName, Option<String>, u64),
        most: usize,
    ) {
        if self.questions.len() < most {
            self.questions.insert(presence, Question { channel, after, limit, asked: None });
        } else {
            refuse(context, presence, Refusal::Overflow);
        }
    }

    /// `speaker`: the link that speaks for the channel.
    pub(super) fn watch(
        &mut self,
        context: &mut Context,
        presence: PresenceId,
        name: ChannelName,
        speaker: Option<LinkId>,
    ) {
        self.by_id.insert(presence, name.clone());
        self.channels.get_or_insert_with(name.clone(), Watched::default).watches.push(presence);
        // Whoever watches already is told all again too.
        if let Some(link) = speaker {
            self.begin(context, link, &name);
        }
    }

    pub(super) fn unwatch(&mut self, context: &mut Context, presence: PresenceId) {
        let Some(name) = self.by_id.remove(&presence) else { return };
        let Some(watched) = self.channels.get_mut(&name) else { return };
        if let Some(index) = watched.watches.iter().position(|watch| *watch == presence) {
            watched.watches.remove(index);
        }
        if watched.watches.is_empty() {
            if let Some(link) = watched.link {
                // One member, because nobody looks at it.
                ask(context, link, PresenceRequest::Unwatch, (&name, None, 1, false));
            }
            self.channels.remove(&name);
        }
    }

    /// A channel is subscribed to on a link: a watch begins anew there.
    pub(super) fn begin(&mut self, context: &mut Context, link: LinkId, name: &ChannelName) {
        if !context.terms.presence {
            self.forget(context, name, &not_supported());
        } else if let Some(watched) = self.channels.get_mut(name) {
            let id = ask(context, link, PresenceRequest::List(name.clone()), (name, None, 0, true));
            watched.begin(link, id);
        }
    }

    /// Asks what is not asked yet, on a link on which we are welcomed.
    pub(super) fn pump(&mut self, context: &mut Context, link: LinkId) {
        let mut refused = Vec::new();
        for (&presence, question) in
            self.questions.iter_mut().filter(|(_, question)| question.asked.is_none())
        {
            if !context.terms.presence {
                refused.push(presence);
                continue;
            }
            question.asked = Some(link);
            let Question { channel, after, limit, .. } = question;
            // A question without it would end the watch.
            let watch = self.channels.get(channel).is_some_and(|watched| watched.link == Some(link));
            ask(context, link, PresenceRequest::Question(presence), (channel, after.clone(), *limit, watch));
        }
        for presence in refused {
            self.questions.remove(&presence);
            refuse(context, presence, not_supported());
        }
    }

    /// A link is lost: nobody tells anything there.
    pub(super) fn lost(&mut self, link: LinkId) {
        for watched in self.channels.values_mut().filter(|watched| watched.link == Some(link)) {
            watched.lose();
        }
    }

    /// The link that should answer is lost.
    pub(super) fn request_lost(&mut self, request: &PresenceRequest) {
        match request {
            PresenceRequest::Question(presence) => {
                if let Some(question) = self.questions.get_mut(presence) {
                    question.asked = None;
                }
            }
            PresenceRequest::List(_) | PresenceRequest::Unwatch => {}
        }
    }

    pub(super) fn answered(
        &mut self,
        context: &mut Context,
        link: LinkId,
        request: PresenceRequest,
        page: PresenceList,
    ) {
        match request {
            PresenceRequest::Question(presence) => {
                if self.questions.remove(&presence).is_some() {
                    context.notify(Event::Presence(PresenceEvent::Page { presence, page }));
                }
            }
            PresenceRequest::List(name) => {
                let Some(watched) = self.channels.get_mut(&name) else { return };
                if let Some(after) = watched.page(context, link, page) {
                    let list = PresenceRequest::List(name.clone());
                    let id = ask(context, link, list, (&name, Some(after), 0, true));
                    watched.goes_on(id);
                }
            }
            PresenceRequest::Unwatch => {}
        }
    }

    pub(super) fn refused(
        &mut self,
        context: &mut Context,
        request: PresenceRequest,
        (code, reason): (RefusalCode, String),
    ) {
        match request {
            PresenceRequest::Question(presence) => {
                if self.questions.remove(&presence).is_some() {
                    refuse(context, presence, Refusal::Server { code, reason });
                }
            }
            PresenceRequest::List(name) => match (code, code.advice()) {
                // It will be, or nobody wants it any more.
                (RefusalCode::NotSubscribed, _) => {
                    if let Some(watched) = self.channels.get_mut(&name) {
                        watched.lose();
                    }
                }
                (_, Advice::Retry) => {
                    if let Some(watched) = self.channels.get_mut(&name) {
                        watched.ask_again(context, RETRY_MS);
                    }
                }
                (_, Advice::Stop) => self.forget(context, &name, &Refusal::Server { code, reason }),
            },
            PresenceRequest::Unwatch => {}
        }
    }

    pub(super) fn joined(&mut self, context: &mut Context, link: &Link, frame: Joined) {
        if let Some(watched) = self.told(link, frame.alias) {
            watched.joined(context, with(frame.member, frame.others));
        }
    }

    pub(super) fn left(&mut self, context: &mut Context, link: &Link, frame: Left) {
        if let Some(watched) = self.told(link, frame.alias) {
            watched.left(context, with(frame.member, frame.others));
        }
    }

    pub(super) fn occupancy(&mut self, context: &mut Context, link: &Link, frame: Occupancy) {
        if let Some(watched) = self.told(link, frame.alias) {
            watched.counted(context, frame);
        }
    }

    /// When a list is asked for again.
    pub(super) fn deadline(&self) -> Timestamp {
        Timestamp::soonest(self.channels.values().map(Watched::due))
    }

    pub(super) fn tick(&mut self, context: &mut Context) {
        let mut due = Vec::new();
        for (name, watched) in self.channels.iter_mut() {
            if let Some(link) = watched.link
                && watched.due() <= context.now
            {
                due.push((name.clone(), link));
            }
        }
        for (name, link) in due {
            self.begin(context, link, &name);
        }
    }

    /// It is over: everything that waits gets an answer.
    pub(super) fn end(&mut self, context: &mut Context) {
        for &presence in self.questions.keys() {
            refuse(context, presence, Refusal::Ended);
        }
        for &presence in self.by_id.keys() {
            refuse(context, presence, Refusal::Ended);
        }
        *self = Self::default();
    }

    fn told(&mut self, link: &Link, alias: Alias) -> Option<&mut Watched> {
        let name = link.aliases.get(&alias)?;
        self.channels.get_mut(name).filter(|watched| watched.link == Some(link.id))
    }

    fn forget(&mut self, context: &mut Context, name: &ChannelName, refusal: &Refusal) {
        let Some(watched) = self.channels.remove(name) else { return };
        for presence in &watched.watches {
            self.by_id.remove(presence);
            refuse(context, *presence, refusal.clone());
        }
    }
}

/// Asks for a page.
fn ask(
    context: &mut Context,
    link: LinkId,
    request: PresenceRequest,
    (channel, after, limit, watch): (&ChannelName, Option<String>, u64, bool),
) -> tidewire_protocol::RequestId {
    context.ask(link, Request::Presence(request), |id| {
        ClientFrame::Presence(Wish { id, channel: channel.clone(), after, limit, watch })
    })
}

fn refuse(context: &mut Context, presence: PresenceId, refusal: Refusal) {
    context.notify(Event::Presence(PresenceEvent::Refused { presence, refusal }));
}

fn not_supported() -> Refusal {
    let reason = String::from("the server does not tell who is in a channel");
    Refusal::Server { code: RefusalCode::NotSupported, reason }
}

fn with(first: Member, mut others: Vec<Member>) -> Vec<Member> {
    others.insert(0, first);
    others
}

const RETRY_MS: u64 = 1_000;
