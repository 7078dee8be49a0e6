use std::collections::{BTreeMap, BTreeSet, HashMap};

use tidewire_protocol::{Member, PresenceList};
use tidewire_session::{PresenceEvent, PresenceId, Refusal};
use tokio::sync::{oneshot, watch};

use crate::Crowd;

/// Where the answers about who is in a channel go.
#[derive(Default)]
pub(super) struct Presence {
    pub(super) questions: HashMap<PresenceId, oneshot::Sender<Result<PresenceList, Refusal>>>,
    pub(super) watches: HashMap<PresenceId, watch::Sender<Crowd>>,
}

impl Presence {
    /// Hands an event on; answers with a watch at which nobody looks any more.
    pub(super) fn tell(&mut self, event: PresenceEvent) -> Option<PresenceId> {
        match event {
            PresenceEvent::Page { presence, page } => {
                self.answer(presence, Ok(page));
                None
            }
            PresenceEvent::Refused { presence, refusal } => {
                if let Some(crowd) = self.watches.remove(&presence) {
                    crowd.send_modify(|crowd| crowd.refused = Some(refusal));
                } else {
                    self.answer(presence, Err(refusal));
                }
                None
            }
            PresenceEvent::Members { presence, members } => {
                self.change(presence, |crowd| crowd.begin(members))
            }
            PresenceEvent::Joined { presence, members } => self.change(presence, |crowd| crowd.join(members)),
            PresenceEvent::Left { presence, members } => self.change(presence, |crowd| crowd.leave(&members)),
            PresenceEvent::Counted { presence, connections, users } => self.change(presence, |crowd| {
                *crowd = Crowd { connections, users, ..Crowd::default() };
            }),
        }
    }

    /// No connection tells anything: nobody knows who is there.
    pub(super) fn forget(&mut self) {
        for crowd in self.watches.values() {
            crowd.send_if_modified(|crowd| crowd.members.take().is_some());
        }
    }

    fn answer(&mut self, question: PresenceId, answer: Result<PresenceList, Refusal>) {
        if let Some(waiting) = self.questions.remove(&question) {
            let _ = waiting.send(answer);
        }
    }

    fn change(&mut self, watch: PresenceId, change: impl FnOnce(&mut Crowd)) -> Option<PresenceId> {
        let crowd = self.watches.get(&watch)?;
        crowd.send_modify(change);
        crowd.is_closed().then_some(watch)
    }
}

impl Crowd {
    fn begin(&mut self, members: Vec<Member>) {
        self.members = Some(BTreeMap::new());
        self.join(members);
    }

    fn join(&mut self, joined: Vec<Member>) {
        if let Some(members) = &mut self.members {
            members.extend(joined.into_iter().map(|member| (name(&member).to_owned(), member)));
        }
        self.count();
    }

    fn leave(&mut self, left: &[Member]) {
        if let Some(members) = &mut self.members {
            for member in left {
                members.remove(name(member));
            }
        }
        self.count();
    }

    fn count(&mut self) {
        if let Some(members) = &self.members {
            self.connections = members.len() as u64;
            let users: BTreeSet<&str> = members.values().map(|member| member.user.as_str()).collect();
            self.users = users.len() as u64;
        }
    }
}

/// By what members are told apart.
fn name(member: &Member) -> &str {
    member.connection.as_ref().unwrap_or(&member.user)
}
