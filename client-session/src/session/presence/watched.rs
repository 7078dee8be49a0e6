use tidewire_protocol::{Member, Occupancy, PresenceList, RequestId};

use crate::session::context::Context;
use crate::session::table::Table;
use crate::{Event, LinkId, PresenceEvent, PresenceId, Timestamp};

/// One channel that is watched, for all watches that the application has of it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) watches: Vec<PresenceId>,
    /// The link on which the list was asked for.
    pub(super) link: Option<LinkId>,
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    /// It is asked for when the channel is subscribed to.
    #[default]
    Unasked,
    /// Its pages are on their way; what changed since the first was asked for counts more than they do.
    Listing { request: RequestId, listed: Vec<Member>, changed: Table<String, Option<Member>> },
    /// The application has all, and is told what changes.
    Listed,
    /// Only how many are there is told.
    Counted,
    /// It is asked for again at this moment.
    Again(Timestamp),
}

impl Watched {
    /// The first page was asked for.
    pub(super) fn begin(&mut self, link: LinkId, request: RequestId) {
        self.link = Some(link);
        self.stage = Stage::Listing { request, listed: Vec::new(), changed: Table::new() };
    }

    /// The next page was asked for.
    pub(super) fn goes_on(&mut self, id: RequestId) {
        if let Stage::Listing { request, .. } = &mut self.stage {
            *request = id;
        }
    }

    /// Nobody tells anything any more.
    pub(super) fn lose(&mut self) {
        self.link = None;
        self.stage = Stage::Unasked;
    }

    pub(super) fn ask_again(&mut self, context: &Context, after_ms: u64) {
        self.stage = Stage::Again(context.now.after_ms(after_ms));
    }

    pub(super) const fn due(&self) -> Timestamp {
        match self.stage {
            Stage::Again(at) => at,
            Stage::Unasked | Stage::Listing { .. } | Stage::Listed | Stage::Counted => Timestamp::NEVER,
        }
    }

    /// A page came; answers after whom the next one begins.
    pub(super) fn page(&mut self, context: &mut Context, link: LinkId, page: PresenceList) -> Option<String> {
        let Stage::Listing { request, listed, changed } = &mut self.stage else { return None };
        if self.link != Some(link) || *request != page.id {
            return None;
        }
        listed.extend(page.members);
        if page.next.is_some() {
            return page.next;
        }
        let mut members = std::mem::take(listed);
        members.retain(|member| !changed.contains(&name(member)));
        for member in changed.values() {
            members.extend(member.clone());
        }
        self.stage = Stage::Listed;
        self.tell(context, |presence| PresenceEvent::Members { presence, members: members.clone() });
        None
    }

    pub(super) fn joined(&mut self, context: &mut Context, members: Vec<Member>) {
        match &mut self.stage {
            Stage::Listing { changed, .. } => {
                for member in members {
                    changed.insert(name(&member), Some(member));
                }
            }
            Stage::Listed => {
                self.tell(context, |presence| PresenceEvent::Joined { presence, members: members.clone() });
            }
            Stage::Unasked | Stage::Counted | Stage::Again(_) => {}
        }
    }

    pub(super) fn left(&mut self, context: &mut Context, members: Vec<Member>) {
        match &mut self.stage {
            Stage::Listing { changed, .. } => {
                for member in members {
                    changed.insert(name(&member), None);
                }
            }
            Stage::Listed => {
                self.tell(context, |presence| PresenceEvent::Left { presence, members: members.clone() });
            }
            Stage::Unasked | Stage::Counted | Stage::Again(_) => {}
        }
    }

    /// The list is no longer right.
    pub(super) fn counted(&mut self, context: &mut Context, frame: Occupancy) {
        let Occupancy { connections, users, again_within_ms, .. } = frame;
        self.stage = match again_within_ms {
            Some(spread) => {
                let delay = context.random.up_to(spread);
                Stage::Again(context.now.after_ms(delay))
            }
            None => Stage::Counted,
        };
        self.tell(context, |presence| PresenceEvent::Counted { presence, connections, users });
    }

    fn tell(&self, context: &mut Context, event: impl Fn(PresenceId) -> PresenceEvent) {
        for &presence in &self.watches {
            context.notify(Event::Presence(event(presence)));
        }
    }
}

/// By what members are told apart. A server that says no connections has one of each user.
fn name(member: &Member) -> String {
    member.connection.as_ref().unwrap_or(&member.user).clone()
}
