use tidewire_protocol::{Position, Publication, ResetReason};

use super::catch_up::{CatchUp, Progress, Wish};
use crate::session::context::Context;
use crate::{Event, Gap, SubscriptionId};

/// One of the application's subscriptions of a channel.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: SubscriptionId,
    pub(super) stage: Stage,
}

/// How a member stands to its channel.
#[derive(Debug)]
pub(super) enum Stage {
    /// It joined a channel that is not live: the channel's next beginning decides.
    Joining(Wish),
    /// What is published after this position is for it.
    After(Position),
    /// It first gets what it asked for from the log.
    CatchingUp(CatchUp),
    /// It gets what the channel gets.
    Following,
}

/// Whether publications are older than the subscription's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Replayed,
    Live,
}

impl Member {
    /// The channel's publications, one batch.
    pub(super) fn deliver(&mut self, context: &mut Context, mut publications: Vec<Publication>, age: Age) {
        match &mut self.stage {
            Stage::Following => self.tell(context, publications, age),
            Stage::After(position) => {
                if let Some(index) = publications.iter().position(|one| one.position == *position) {
                    self.stage = Stage::Following;
                    let rest = publications.split_off(index + 1);
                    self.tell(context, rest, Age::Live);
                }
            }
            Stage::CatchingUp(catch_up) => {
                if catch_up.deliver(publications) == Progress::Done {
                    self.caught_up(context, None);
                }
            }
            Stage::Joining(_) => {}
        }
    }

    /// The channel's place is gone.
    pub(super) fn reset(&mut self, context: &mut Context, reason: ResetReason) {
        match &mut self.stage {
            Stage::Joining(_) => return,
            Stage::After(_) => self.stage = Stage::Following,
            Stage::CatchingUp(catch_up) => {
                catch_up.give_up();
                self.caught_up(context, None);
            }
            Stage::Following => {}
        }
        context.notify(Event::Gap { subscription: self.id, gap: Gap::Reset(reason) });
    }

    /// A publication came that the channel has seen before.
    pub(super) fn skip(&mut self, context: &mut Context, position: Position, missing: u64) {
        match &mut self.stage {
            Stage::After(after) if *after == position => self.stage = Stage::Following,
            Stage::CatchingUp(catch_up) => catch_up.pass_at(position),
            Stage::Following if missing > 0 => {
                let gap = Gap::Missing { count: missing, before: position };
                context.notify(Event::Gap { subscription: self.id, gap });
            }
            Stage::After(_) | Stage::Joining(_) | Stage::Following => {}
        }
    }

    /// The channel goes on from an older position: the one that the member waits for may never come.
    pub(super) fn went_back(&mut self) {
        match &mut self.stage {
            Stage::After(_) => self.stage = Stage::Following,
            Stage::CatchingUp(catch_up) => catch_up.pass(),
            Stage::Joining(_) | Stage::Following => {}
        }
    }

    /// What the log gave is complete.
    pub(super) fn caught_up(&mut self, context: &mut Context, position: Option<Position>) {
        let Stage::CatchingUp(catch_up) = std::mem::replace(&mut self.stage, Stage::Following) else {
            return;
        };
        let caught_up = catch_up.finish();
        if let Some(reason) = caught_up.reset {
            context.notify(Event::Gap { subscription: self.id, gap: Gap::Reset(reason) });
        }
        context.notify(Event::Subscribed {
            subscription: self.id,
            position,
            replayed: u32::try_from(caught_up.replay.len()).unwrap_or(u32::MAX),
            recovered: false,
        });
        self.tell(context, caught_up.replay, Age::Replayed);
        self.tell(context, caught_up.live, Age::Live);
    }

    /// A publication that says that others before it are lost comes after a gap.
    fn tell(&self, context: &mut Context, mut publications: Vec<Publication>, age: Age) {
        while let Some(first) = publications.first() {
            if first.missing > 0 {
                let gap = Gap::Missing { count: first.missing, before: first.position };
                context.notify(Event::Gap { subscription: self.id, gap });
            }
            let next = publications.iter().skip(1).position(|publication| publication.missing > 0);
            let rest = next.map_or_else(Vec::new, |index| publications.split_off(index + 1));
            context.notify(Event::Publications {
                subscription: self.id,
                publications,
                replayed: age == Age::Replayed,
            });
            publications = rest;
        }
    }
}
