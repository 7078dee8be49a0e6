use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidewire_protocol::ChannelName;
use tokio::sync::Notify;

use crate::redis::RedisHost;

/// The channels that the node listens to, and where each is subscribed to.
#[derive(Default)]
pub(super) struct Wanted {
    places: Mutex<HashMap<ChannelName, Place>>,
    /// A channel has lost its place.
    pub(super) losses: Notify,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// A server was asked, and has not confirmed.
    Asked(RedisHost),
    At(RedisHost),
    /// Nowhere: news are missed.
    Lost,
}

/// What asking begins with.
pub(super) enum Begun {
    /// It is subscribed to, at that server.
    Already,
    Asked(Asked),
}

/// Whether a channel was wanted before somebody asked for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Newly,
    Again,
}

impl Wanted {
    /// A server is about to be asked.
    pub(super) fn begin(&self, channel: &ChannelName, host: &RedisHost) -> Begun {
        let mut places = self.places();
        let Some(place) = places.get_mut(channel) else {
            places.insert(channel.clone(), Place::Asked(host.clone()));
            return Begun::Asked(Asked::Newly);
        };
        if *place == Place::At(host.clone()) {
            return Begun::Already;
        }
        *place = Place::Asked(host.clone());
        Begun::Asked(Asked::Again)
    }

    /// The server has confirmed; false where the channel is not wanted any more.
    pub(super) fn confirm(&self, channel: &ChannelName, host: &RedisHost) -> bool {
        let mut places = self.places();
        let Some(place) = places.get_mut(channel) else { return false };
        // Where it was lost since, it stays so.
        if *place == Place::Asked(host.clone()) {
            *place = Place::At(host.clone());
        }
        true
    }

    /// The server has not confirmed.
    pub(super) fn fail(&self, channel: &ChannelName, asked: Asked) {
        let mut places = self.places();
        match asked {
            Asked::Newly => {
                places.remove(channel);
            }
            Asked::Again => {
                if let Some(place) = places.get_mut(channel) {
                    *place = Place::Lost;
                    self.losses.notify_one();
                }
            }
        }
    }

    /// It is not wanted any more; says where it may be subscribed to.
    pub(super) fn forget(&self, channel: &ChannelName) -> Option<RedisHost> {
        match self.places().remove(channel)? {
            Place::Asked(host) | Place::At(host) => Some(host),
            Place::Lost => None,
        }
    }

    /// A server has ended a subscription.
    pub(super) fn unsubscribed(&self, channel: &ChannelName, host: &RedisHost) {
        if let Some(place) = self.places().get_mut(channel).filter(|place| place.is_at(host)) {
            *place = Place::Lost;
            self.losses.notify_one();
        }
    }

    /// A server has ended all subscriptions, or who asked it has.
    pub(super) fn lost(&self, host: &RedisHost) {
        for place in self.places().values_mut().filter(|place| place.is_at(host)) {
            *place = Place::Lost;
        }
        self.losses.notify_one();
    }

    /// Those that are lost, or are elsewhere than they should be, for each server that should be asked; they count
    /// as asked for from now on. `owner` says who should have a channel, where anybody does.
    pub(super) fn astray(
        &self,
        owner: impl Fn(&ChannelName) -> Option<RedisHost>,
    ) -> HashMap<RedisHost, Vec<ChannelName>> {
        let mut astray: HashMap<RedisHost, Vec<ChannelName>> = HashMap::new();
        for (channel, place) in self.places().iter_mut() {
            let Some(host) = owner(channel).filter(|host| !place.is_at(host)) else { continue };
            // Who asks just now, asks the wrong one, and is told so.
            *place = Place::Asked(host.clone());
            astray.entry(host).or_default().push(channel.clone());
        }
        astray
    }

    fn places(&self) -> MutexGuard<'_, HashMap<ChannelName, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn is_at(&self, host: &RedisHost) -> bool {
        match self {
            Self::Asked(at) | Self::At(at) => at == host,
            Self::Lost => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_before_it_is_confirmed_stays_lost() {
        let wanted = Wanted::default();
        wanted.begin(&channel(), &host(1));
        wanted.unsubscribed(&channel(), &host(1));
        assert!(wanted.confirm(&channel(), &host(1)));
        assert_eq!(astray(&wanted, 1), [channel()]);
    }

    #[test]
    fn what_is_where_it_should_be_is_not_asked_for_again() {
        let wanted = listening_at(1);
        assert!(matches!(wanted.begin(&channel(), &host(1)), Begun::Already));
        assert_eq!(astray(&wanted, 1), []);
    }

    #[test]
    fn what_has_another_owner_is_asked_for_there_once() {
        let wanted = listening_at(1);
        assert_eq!(astray(&wanted, 2), [channel()]);
        assert_eq!(astray(&wanted, 2), []);
        // The old owner is late with what everybody knows.
        wanted.unsubscribed(&channel(), &host(1));
        wanted.confirm(&channel(), &host(2));
        assert_eq!(astray(&wanted, 2), []);
    }

    #[test]
    fn a_broken_link_loses_its_channels_and_no_others() {
        let wanted = listening_at(1);
        wanted.lost(&host(2));
        assert_eq!(astray(&wanted, 1), []);
        wanted.lost(&host(1));
        assert_eq!(astray(&wanted, 1), [channel()]);
    }

    #[test]
    fn after_a_failure_only_what_was_listened_to_before_is_asked_for() {
        let wanted = Wanted::default();
        wanted.begin(&channel(), &host(1));
        wanted.fail(&channel(), Asked::Newly);
        assert_eq!(astray(&wanted, 1), []);
        let wanted = listening_at(1);
        wanted.begin(&channel(), &host(2));
        wanted.fail(&channel(), Asked::Again);
        assert_eq!(astray(&wanted, 1), [channel()]);
    }

    #[test]
    fn what_is_not_wanted_is_nobodys_loss() {
        let wanted = listening_at(1);
        assert_eq!(wanted.forget(&channel()), Some(host(1)));
        wanted.unsubscribed(&channel(), &host(1));
        assert!(!wanted.confirm(&channel(), &host(1)));
        assert_eq!(astray(&wanted, 1), []);
    }

    fn listening_at(number: u16) -> Wanted {
        let wanted = Wanted::default();
        wanted.begin(&channel(), &host(number));
        wanted.confirm(&channel(), &host(number));
        wanted
    }

    /// Whom to ask for, where everything belongs to one server.
    fn astray(wanted: &Wanted, owner: u16) -> Vec<ChannelName> {
        wanted.astray(|_| Some(host(owner))).remove(&host(owner)).unwrap_or_default()
    }

    fn channel() -> ChannelName {
        "news:today".parse().unwrap()
    }

    fn host(number: u16) -> RedisHost {
        RedisHost { name: "redis.test".to_owned(), port: number }
    }
}
