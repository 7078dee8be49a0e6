//! A durable session: what is published is stored before it is sent, and survives the session.

use tidewire_protocol::{ClientFrame, PublisherId, RefusalCode};
use tidewire_session::{
    Command, Doubt, Event, Output, PublishId, PublishName, Refusal, SessionConfig, Timestamp,
};

use crate::script::{NEWS, Script, accepted, behind, name, payload, refused, welcome};

const OLD: PublisherId = PublisherId(77);

impl Script {
    fn durable() -> Self {
        let mut script = Self::with(SessionConfig { durable: true, ..SessionConfig::default() });
        script.connects();
        script.forgets();
        script
    }

    /// What the driver is asked to store, as what seq; `None` where it has none yet.
    fn stores(&mut self) -> Vec<(u32, Option<u64>)> {
        let asked = self.to_store.iter().map(|(publish, name)| (publish.0, name.map(|name| name.seq)));
        asked.collect()
    }

    /// The driver has stored all that it was asked to.
    fn has_stored_all(&mut self) {
        for (publish, name) in std::mem::take(&mut self.to_store) {
            if let Some(name) = name {
                self.wants(Command::Stored { publish, name });
            }
        }
    }

    fn restores(&mut self, publish: u32, seq: u64, first: Timestamp) {
        self.restores_of(OLD, publish, seq, first);
    }

    fn restores_of(&mut self, publisher: PublisherId, publish: u32, seq: u64, first: Timestamp) {
        self.wants(Command::Restore {
            publish: PublishId(publish),
            channel: name(NEWS),
            payload: payload(publish),
            name: PublishName { publisher, seq },
            first,
        });
    }

    /// A new session, at this moment, with what an earlier one may have sent as these seqs, a second ago.
    fn with_restored(seqs: &[u64]) -> Self {
        let mut script = Self::with(SessionConfig { durable: true, ..SessionConfig::default() });
        script.now = Timestamp(10_000_000);
        for &seq in seqs {
            script.restores(seq as u32, seq, Timestamp(10_000_000 - 1_000));
        }
        script
    }

    fn in_doubt(&mut self) -> Vec<u32> {
        let doubts = self.events.iter().filter_map(|event| match event {
            Event::PublishInDoubt { publish, why: Doubt::TooOld } => Some(publish.0),
            _ => None,
        });
        doubts.collect()
    }
}

#[test]
fn nothing_is_sent_before_it_is_stored_under_its_name() {
    let mut client = Script::durable();
    client.publishes(1, NEWS);
    client.publishes(2, NEWS);
    client.says_nothing_more();
    assert_eq!(client.stores(), [(1, None), (1, Some(1)), (2, None), (2, Some(2))]);
    client.has_stored_all();
    assert_eq!(client.published_seqs(), [1, 2]);
    assert!(client.to_store.is_empty());
}

#[test]
fn what_is_stored_first_is_not_sent_before_what_was_published_first() {
    let mut client = Script::durable();
    client.publishes(1, NEWS);
    client.publishes(2, NEWS);
    client.to_store.retain(|(publish, _)| *publish == PublishId(2));
    client.has_stored_all();
    client.says_nothing_more();
}

#[test]
fn without_a_server_it_is_stored_and_has_no_name() {
    let mut client = Script::with(SessionConfig { durable: true, ..SessionConfig::default() });
    client.publishes(1, NEWS);
    assert_eq!(client.stores(), [(1, None)]);
    client.connects();
    assert_eq!(client.stores(), [(1, None), (1, Some(1))]);
}

#[test]
fn a_session_that_is_not_durable_stores_nothing() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    assert!(client.to_store.is_empty());
    assert_eq!(client.published_seqs(), [1]);
}

#[test]
fn what_a_refusal_renumbers_is_stored_again_before_it_is_sent_again() {
    let mut client = Script::durable();
    client.publishes(1, NEWS);
    client.publishes(2, NEWS);
    client.has_stored_all();
    let sent = client.published();
    client.receives_all(vec![refused(sent[0].id, RefusalCode::Forbidden), behind(&sent[1], 0)]);
    client.says_nothing_more();
    assert_eq!(client.stores(), [(2, Some(1))]);
    client.has_stored_all();
    let again: Vec<_> = client.published().iter().map(|one| (one.seq, one.payload.clone())).collect();
    assert_eq!(again, [(1, payload(2))]);
}

#[test]
fn that_it_is_stored_under_a_name_that_it_lost_lets_nothing_go() {
    let mut client = Script::durable();
    client.publishes(1, NEWS);
    client.loses_the_socket();
    let (publish, old) = client.to_store[1];
    client.comes_back();
    client.to_store.clear();
    client.forgets();
    client.wants(Command::Stored {
        publish,
        name: PublishName { publisher: PublisherId(1), ..old.expect("a name") },
    });
    client.says_nothing_more();
    client.wants(Command::Stored { publish, name: old.expect("a name") });
    assert_eq!(client.published_seqs(), [1]);
}

/// Otherwise what is sent after hours without a server would seem to be in doubt for hours.
#[test]
fn what_was_never_sent_is_stored_anew_with_each_link() {
    let mut client = Script::durable();
    client.publishes(1, NEWS);
    client.loses_the_socket();
    client.to_store.clear();
    client.comes_back();
    assert_eq!(client.stores(), [(1, None), (1, Some(1))]);
    client.has_stored_all();
    client.forgets();
    // Now it is sent, and keeps the name that it was sent with, and since when.
    client.loses_the_socket();
    client.comes_back();
    assert!(client.to_store.is_empty());
    assert_eq!(client.published_seqs(), [1]);
}

#[test]
fn what_is_beyond_the_window_is_stored_and_not_sent() {
    let mut client = Script::with(SessionConfig { durable: true, in_flight: 2, ..SessionConfig::default() });
    client.connects();
    client.forgets();
    for publish in 1..=10 {
        client.publishes(publish, NEWS);
    }
    client.has_stored_all();
    let sent = client.published();
    assert_eq!(sent.iter().map(|one| one.seq).collect::<Vec<_>>(), [1, 2]);
    client.receives(accepted(&sent[0]));
    client.has_stored_all();
    assert_eq!(client.published_seqs(), [3]);
}

#[test]
fn what_is_restored_is_sent_under_its_old_name_after_the_welcome() {
    let mut client = Script::with_restored(&[4, 5]);
    client.wants(Command::Connect);
    client.is_given_no_token();
    client.opens();
    let message = client.next_message();
    assert!(matches!(message[..], [ClientFrame::Hello(_)]), "{message:?}");
    client.receives(welcome());
    let sent: Vec<_> =
        client.published().iter().map(|one| (one.publisher, one.seq, one.payload.clone())).collect();
    assert_eq!(sent, [(Some(OLD), 4, payload(4)), (Some(OLD), 5, payload(5))]);
    assert!(client.to_store.is_empty());
}

/// A later seq of the old publisher may be in the log, acknowledged and stored no more.
#[test]
fn what_is_published_after_what_was_restored_waits_for_it_and_takes_a_new_name() {
    let mut client = Script::with_restored(&[4]);
    client.publishes(9, NEWS);
    client.connects();
    client.has_stored_all();
    let sent = client.published();
    assert_eq!(sent.iter().map(|one| (one.publisher, one.seq)).collect::<Vec<_>>(), [(Some(OLD), 4)]);
    client.receives(accepted(&sent[0]));
    client.has_stored_all();
    let next = client.published().remove(0);
    assert_eq!((next.seq, &next.payload), (1, &payload(9)));
    assert_ne!(next.publisher, Some(OLD));
}

#[test]
fn a_seq_that_is_missing_between_two_restored_ones_is_passed_over() {
    let mut client = Script::with_restored(&[4, 7]);
    client.connects();
    let sent = client.published();
    assert_eq!(sent.iter().map(|one| one.seq).collect::<Vec<_>>(), [4, 7]);
    client.receives_all(sent.iter().map(accepted).collect());
    let told: Vec<_> = client
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Published { publish, .. } => Some(publish.0),
            _ => None,
        })
        .collect();
    assert_eq!(told, [4, 7]);
}

#[test]
fn what_was_restored_too_late_is_in_doubt_and_not_sent() {
    let mut client = Script::with(SessionConfig { durable: true, ..SessionConfig::default() });
    client.now = Timestamp(10_000_000);
    client.restores(1, 1, Timestamp(10_000_000 - 451_000));
    client.restores(2, 2, Timestamp(10_000_000 - 1_000));
    assert!(client.in_doubt().is_empty(), "the server has not said yet how long it remembers");
    client.connects();
    assert_eq!(client.in_doubt(), [1, 2]);
    assert!(client.published().is_empty());
    client.publishes(3, NEWS);
    client.has_stored_all();
    let sent = client.published();
    assert_eq!((sent.len(), sent[0].seq), (1, 1));
    assert_ne!(sent[0].publisher, Some(OLD));
}

#[test]
fn a_name_that_its_lane_had_given_up_was_never_sent() {
    let mut client = Script::with(SessionConfig { durable: true, ..SessionConfig::default() });
    client.now = Timestamp(10_000_000);
    let first = Timestamp(10_000_000 - 1_000);
    client.restores_of(PublisherId(78), 1, 1, first);
    client.restores_of(OLD, 2, 41, first);
    assert_eq!(client.stores(), [(2, None)]);
    client.connects();
    let sent = client.published();
    client.receives(accepted(&sent[0]));
    client.has_stored_all();
    let next = client.published().remove(0);
    assert_eq!((next.seq, &next.payload), (1, &payload(2)));
}

#[test]
fn names_that_make_no_sense_are_in_doubt_and_cost_nothing() {
    let mut client = Script::with_restored(&[4, 4, 3, u64::MAX]);
    assert_eq!(client.in_doubt(), [4, 3, u64::MAX as u32]);
}

#[test]
fn a_refusal_of_what_was_restored_is_a_doubt() {
    let mut client = Script::with_restored(&[4]);
    client.connects();
    let sent = client.published();
    client.forgets();
    client.receives(refused(sent[0].id, RefusalCode::Forbidden));
    client.tells(&Event::PublishInDoubt { publish: PublishId(4), why: Doubt::Refused });
}

#[test]
fn what_is_ephemeral_is_not_stored_once_that_is_known() {
    let mut client = Script::durable();
    client.publishes(1, "cursors:pad");
    assert!(client.to_store.is_empty());
    assert_eq!(client.published_seqs(), [0]);
}

#[test]
fn what_is_refused_at_once_is_not_stored() {
    let mut client = Script::durable();
    client.wants(Command::Close);
    client.forgets();
    client.publishes(1, NEWS);
    client.tells(&Event::PublishRefused { publish: PublishId(1), refusal: Refusal::Ended });
    assert!(client.to_store.is_empty());
}

#[test]
fn what_is_to_be_stored_does_not_part_a_message() {
    let mut client = Script::durable();
    for publish in 1..=3 {
        let command =
            Command::Publish { publish: PublishId(publish), channel: name(NEWS), payload: payload(publish) };
        client.session.handle(client.now, tidewire_session::Input::Command(command));
    }
    let mut stored = Vec::new();
    while let Some(output) = client.session.poll() {
        if let Output::Store { publish, name: Some(name), .. } = output {
            stored.push(Command::Stored { publish, name });
        }
    }
    for command in stored {
        client.session.handle(client.now, tidewire_session::Input::Command(command));
    }
    client.hears(tidewire_session::Input::Tick);
    assert_eq!(client.next_message().len(), 3);
    client.says_nothing_more();
}
