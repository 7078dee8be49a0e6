use tidewire_protocol::{ClientFrame, CloseCode, Payload, PublisherId, RefusalCode};
use tidewire_session::{Command, Doubt, Event, OutboxLimits, PublishId, Refusal, SessionConfig, Timer};

use crate::script::{NEWS, Script, accepted, behind, name, payload, position, refused, welcome};

fn published(publish: u32, offset: u64) -> Event {
    Event::Published { publish: PublishId(publish), position: Some(position(offset)) }
}

impl Script {
    fn publishes_many(&mut self, publishes: std::ops::RangeInclusive<u32>) {
        for publish in publishes {
            self.publishes(publish, NEWS);
        }
    }
}

#[test]
fn publications_are_numbered_1_2_3_in_each_channel() {
    let mut client = Script::live();
    client.publishes_many(1..=2);
    client.publishes(3, "chat:lobby");
    client.publishes(4, NEWS);
    let said: Vec<_> =
        client.published().iter().map(|publish| (publish.channel.to_string(), publish.seq)).collect();
    assert_eq!(said, [(NEWS.into(), 1), (NEWS.into(), 2), ("chat:lobby".into(), 1), (NEWS.into(), 3)]);
}

#[test]
fn an_answer_that_comes_after_a_doubt_is_none_to_what_was_published_since() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    let first = client.published().remove(0);
    client.sleeps_ms(500_000);
    client.events.retain(|event| !matches!(event, Event::Status(_)));
    client.tells(&Event::PublishInDoubt { publish: PublishId(1), why: Doubt::TooOld });
    client.publishes(2, NEWS);
    client.receives(accepted(&first));
    client.tells_nothing_more();
    let second = client.published().remove(0);
    client.receives(accepted(&second));
    client.tells(&published(2, 1));
}

#[test]
fn an_acknowledgement_is_told_once() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    let first = client.published().remove(0);
    client.receives(accepted(&first));
    client.tells(&published(1, 1));
    client.loses_the_socket();
    client.comes_back();
    let again = client.published().remove(0);
    client.receives(welcome());
    client.forgets();
    client.receives(accepted(&again));
    client.tells_nothing_more();
}

#[test]
fn the_whole_outbox_goes_out_again_with_hello() {
    let mut client = Script::live();
    client.publishes_many(1..=3);
    let first = client.published().remove(0);
    client.receives(accepted(&first));
    client.loses_the_socket();
    client.publishes(4, NEWS);
    client.comes_back();
    let message = client.next_message();
    assert!(matches!(message[0], ClientFrame::Hello(_)));
    let seqs: Vec<_> = message[1..]
        .iter()
        .map(|frame| match frame {
            ClientFrame::Publish(publish) => (publish.seq, publish.payload.clone(), publish.force),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, (1..=4).map(|seq| (seq, payload(seq as u32), false)).collect::<Vec<_>>());
}

#[test]
fn what_is_settled_is_not_sent_again() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    let first = client.published().remove(0);
    client.receives(accepted(&first));
    assert_eq!(client.next_timer(), Timer::Liveness);
    client.waits_ms(20_000);
    client.receives(crate::script::ping());
    client.waits_ms(30_000);
    client.receives(crate::script::ping());
    client.waits_ms(10_000);
    client.loses_the_socket();
    client.forgets();
    client.comes_back();
    assert!(client.published_seqs().is_empty());
}

#[test]
fn no_more_are_in_flight_than_the_configuration_allows() {
    let mut client = Script::live();
    client.publishes_many(1..=100);
    let sent = client.published();
    assert_eq!(sent.len(), 64);
    client.receives(accepted(&sent[0]));
    assert_eq!(client.published_seqs(), [65]);
}

#[test]
fn several_publishes_go_out_in_one_message_if_the_driver_does_not_poll_between() {
    let mut client = Script::live();
    for publish in 1..=10 {
        let command =
            Command::Publish { publish: PublishId(publish), channel: name(NEWS), payload: payload(publish) };
        client.session.handle(client.now, tidewire_session::Input::Command(command));
    }
    client.hears(tidewire_session::Input::Tick);
    assert_eq!(client.next_message().len(), 10);
    client.says_nothing_more();
}

#[test]
fn on_behind_it_sends_again_in_order_from_last_plus_1() {
    let mut client = Script::live();
    client.publishes_many(1..=3);
    let sent = client.published();
    client.receives_all(sent.iter().map(accepted).collect());
    client.publishes_many(4..=5);
    let sent = client.published();
    client.receives(behind(&sent[0], 1));
    assert_eq!(client.published_seqs(), [2, 3, 4, 5]);
    // The answer to the second of the earlier round changes nothing.
    client.receives(behind(&sent[1], 1));
    client.says_nothing_more();
}

#[test]
fn where_nothing_is_as_old_as_the_log_wants_it_waits_insists_and_forces_in_the_end() {
    let mut client = Script::live();
    client.publishes_many(1..=2);
    let sent = client.published();
    client.receives_all(sent.iter().map(accepted).collect());
    client.waits_ms(20_000);
    client.receives(crate::script::ping());
    client.waits_ms(30_000);
    client.receives(crate::script::ping());
    client.waits_ms(11_000);
    client.forgets();
    client.publishes_many(3..=4);
    let sent = client.published();
    assert_eq!((sent[0].seq, sent[1].seq), (3, 4));
    let start = client.now;
    client.receives_all(vec![behind(&sent[0], 1), behind(&sent[1], 1)]);
    client.says_nothing_more();
    let forced = loop {
        client.waits_ms(500);
        let mut sent = client.published();
        assert_eq!(sent.len(), 1, "one at a time");
        let attempt = sent.remove(0);
        assert_eq!(attempt.seq, 3);
        if attempt.force {
            break attempt;
        }
        client.receives(behind(&attempt, 1));
    };
    assert!((4_000..=6_000).contains(&client.now.ms_since(start)));
    client.receives(accepted(&forced));
    let next = client.published().remove(0);
    assert_eq!((next.seq, next.force), (4, false));
}

#[test]
fn a_refusal_for_good_gives_its_seq_to_the_next() {
    let mut client = Script::live();
    client.publishes_many(1..=3);
    let sent = client.published();
    client.receives_all(vec![
        refused(sent[0].id, RefusalCode::Forbidden),
        behind(&sent[1], 0),
        behind(&sent[2], 0),
    ]);
    let refusal = Refusal::Server { code: RefusalCode::Forbidden, reason: "forbidden".into() };
    client.tells(&Event::PublishRefused { publish: PublishId(1), refusal });
    let again: Vec<_> = client.published().iter().map(|one| (one.seq, one.payload.clone())).collect();
    assert_eq!(again, [(1, payload(2)), (2, payload(3))]);
}

#[test]
fn a_seq_is_given_on_only_when_nothing_sent_after_it_is_under_way() {
    let mut client = Script::live();
    client.publishes_many(1..=2);
    let sent = client.published();
    client.receives(refused(sent[0].id, RefusalCode::Forbidden));
    client.says_nothing_more();
    // The link is lost: what was sent as 2 may still arrive as 2, and must not be sent as 1.
    client.loses_the_socket();
    client.comes_back();
    let again: Vec<_> = client.published().iter().map(|one| (one.seq, one.payload.clone())).collect();
    assert_eq!(again, [(2, payload(2))]);
}

#[test]
fn a_refusal_of_what_the_log_may_have_keeps_its_seq() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    client.loses_the_socket();
    client.forgets();
    client.comes_back();
    let again = client.published().remove(0);
    client.receives_all(vec![welcome(), refused(again.id, RefusalCode::Forbidden)]);
    client.events.retain(|event| !matches!(event, Event::Status(_)));
    client.tells(&Event::PublishInDoubt { publish: PublishId(1), why: Doubt::Refused });
    client.publishes(2, NEWS);
    assert_eq!(client.published_seqs(), [2]);
}

#[test]
fn a_refusal_for_now_keeps_it_and_tries_again_one_at_a_time() {
    let mut client = Script::live();
    client.publishes_many(1..=3);
    let sent = client.published();
    client.receives_all(vec![
        refused(sent[0].id, RefusalCode::Unavailable),
        behind(&sent[1], 0),
        behind(&sent[2], 0),
    ]);
    client.says_nothing_more();
    client.tells_nothing_more();
    client.waits_ms(100);
    let again = client.published();
    assert_eq!(again.iter().map(|one| one.seq).collect::<Vec<_>>(), [1]);
    client.receives(accepted(&again[0]));
    assert_eq!(client.published_seqs(), [2, 3]);
}

#[test]
fn who_is_too_fast_becomes_slower_and_slower() {
    for (index, rest) in rests_after(RefusalCode::TooFast).into_iter().enumerate() {
        let cap = (250 << index).min(10_000);
        assert!((cap / 2..=cap).contains(&rest), "{rest} after {index}");
    }
}

#[test]
fn while_the_log_is_away_it_is_tried_again_every_second() {
    for (index, rest) in rests_after(RefusalCode::Unavailable).into_iter().enumerate() {
        let cap = (100 << index).min(1_000);
        assert!((cap / 2..=cap).contains(&rest), "{rest} after {index}");
    }
}

/// How long a publication rests after each of many refusals, in milliseconds.
fn rests_after(code: RefusalCode) -> Vec<u64> {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    let mut attempt = client.published().remove(0);
    let mut rests = Vec::new();
    for _ in 0..8 {
        client.receives(refused(attempt.id, code));
        let (at, timer) = client.session.deadline().unwrap();
        assert_eq!(timer, Timer::Outbox);
        let rest = at.ms_since(client.now);
        client.waits_ms(rest);
        attempt = client.published().remove(0);
        rests.push(rest);
    }
    rests
}

#[test]
fn a_full_outbox_refuses() {
    let mut client = Script::with(SessionConfig {
        outbox: OutboxLimits { entries: 2, bytes: 1_000 },
        ..SessionConfig::default()
    });
    client.publishes_many(1..=3);
    client.tells(&Event::PublishRefused { publish: PublishId(3), refusal: Refusal::Overflow });
}

#[test]
fn what_is_acknowledged_makes_room() {
    let mut client = Script::with(SessionConfig {
        outbox: OutboxLimits { entries: 2, bytes: 1_000 },
        ..SessionConfig::default()
    });
    client.connects();
    client.publishes_many(1..=2);
    let sent = client.published();
    client.receives(accepted(&sent[0]));
    client.forgets();
    client.publishes_many(3..=4);
    client.tells(&Event::PublishRefused { publish: PublishId(4), refusal: Refusal::Overflow });
    assert_eq!(client.published_seqs(), [3]);
}

#[test]
fn what_fits_in_no_message_is_refused_without_a_word_to_the_server() {
    let mut client = Script::live();
    let payload = Payload::Binary(vec![0; 64 << 10].into());
    client.wants(Command::Publish { publish: PublishId(1), channel: name(NEWS), payload });
    client.tells(&Event::PublishRefused {
        publish: PublishId(1),
        refusal: Refusal::TooLarge { limit: 64 << 10 },
    });
    client.says_nothing_more();
}

#[test]
fn a_message_holds_no_more_bytes_than_the_server_accepts() {
    let mut client = Script::live();
    client.loses_the_socket();
    for publish in 1..=4 {
        let payload = Payload::Binary(vec![0; 30_000].into());
        client.wants(Command::Publish { publish: PublishId(publish), channel: name(NEWS), payload });
    }
    client.comes_back();
    let sizes: Vec<_> = client.sent.iter().map(|(_, frames)| frames.len()).collect();
    assert_eq!(sizes, [2, 1, 1, 1]);
}

#[test]
fn nothing_is_published_before_a_server_has_said_what_it_accepts() {
    let mut client = Script::new();
    client.publishes(1, NEWS);
    client.publishes(2, "cursors:here");
    client.wants(Command::Connect);
    client.is_given_no_token();
    client.opens();
    client.says_hello_and(&[]);
    client.forgets();
    client.receives(welcome());
    let said: Vec<_> = client.published().iter().map(|one| (one.channel.to_string(), one.seq)).collect();
    assert_eq!(said, [("cursors:here".into(), 0), (NEWS.into(), 1)]);
}

#[test]
fn in_an_ephemeral_namespace_nothing_is_kept() {
    let mut client = Script::live();
    client.publishes(1, "cursors:here");
    assert_eq!(client.published_seqs(), [0]);
    client.loses_the_socket();
    client.events.retain(|event| !matches!(event, Event::Status(_)));
    client.tells(&Event::PublishInDoubt { publish: PublishId(1), why: Doubt::LinkLost });
    client.publishes(2, "cursors:here");
    client.tells(&Event::PublishRefused { publish: PublishId(2), refusal: Refusal::NotLive });
    client.comes_back();
    client.says_hello_and(&[]);
}

#[test]
fn a_publisher_that_was_idle_for_half_the_window_takes_a_new_name_without_a_new_link() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    let sent = client.published().remove(0);
    assert_eq!(sent.publisher, None);
    client.receives(accepted(&sent));
    for _ in 0..12 {
        client.waits_ms(25_000);
        client.receives(crate::script::ping());
    }
    client.forgets();
    client.publishes_many(2..=3);
    let sent = client.published();
    let names: Vec<Option<PublisherId>> = sent.iter().map(|one| one.publisher).collect();
    assert!(names[0].is_some() && names[0] == names[1], "{names:?}");
    assert_eq!((sent[0].seq, sent[1].seq), (1, 2));
    assert!(!client.opened_a_link());
}

#[test]
fn what_is_in_doubt_for_most_of_the_window_is_reported_and_never_sent_again() {
    let mut client = Script::live();
    client.publishes_many(1..=2);
    client.loses_the_socket();
    client.publishes(3, NEWS);
    client.forgets();
    client.waits_ms(450_000);
    client.events.retain(|event| !matches!(event, Event::Status(_)));
    for publish in 1..=2 {
        client.tells(&Event::PublishInDoubt { publish: PublishId(publish), why: Doubt::TooOld });
    }
    client.tells_nothing_more();
    client.wakes(tidewire_session::Wake::Online);
    client.opens();
    let sent = client.published();
    // What was never sent goes on, under a name that no log knows.
    assert_eq!(sent.iter().map(|one| (one.seq, one.payload.clone())).collect::<Vec<_>>(), [(1, payload(3))]);
}

#[test]
fn a_doubt_is_found_though_what_was_sent_after_it_is_acknowledged() {
    let mut client = Script::live();
    client.publishes_many(1..=3);
    let sent = client.published();
    client.receives_all(vec![refused(sent[0].id, RefusalCode::Unavailable), accepted(&sent[1])]);
    client.loses_the_socket();
    client.publishes(4, NEWS);
    client.forgets();
    client.waits_ms(450_000);
    client.events.retain(|event| !matches!(event, Event::Status(_)));
    client.tells(&Event::PublishInDoubt { publish: PublishId(1), why: Doubt::TooOld });
    client.tells(&Event::PublishInDoubt { publish: PublishId(3), why: Doubt::TooOld });
    client.tells_nothing_more();
}

#[test]
fn when_the_session_ends_everything_gets_an_answer() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    client.loses_the_socket();
    client.publishes(2, NEWS);
    client.asks_for_history(1, NEWS, 10);
    client.forgets();
    client.wants(Command::Close);
    client.events.retain(|event| !matches!(event, Event::Status(_) | Event::HistoryRefused { .. }));
    client.tells(&Event::PublishInDoubt { publish: PublishId(1), why: Doubt::Ended });
    client.tells(&Event::PublishRefused { publish: PublishId(2), refusal: Refusal::Ended });
    client.publishes(3, NEWS);
    client.tells(&Event::PublishRefused { publish: PublishId(3), refusal: Refusal::Ended });
}

#[test]
fn one_that_connects_again_after_the_end_publishes_under_a_new_name() {
    let mut client = Script::live();
    client.publishes(1, NEWS);
    client.is_closed_with(CloseCode::Disconnected);
    client.connects();
    let names: Vec<_> = client
        .sent
        .iter()
        .flat_map(|(_, frames)| frames)
        .filter_map(|frame| match frame {
            ClientFrame::Hello(hello) => hello.publisher,
            _ => None,
        })
        .collect();
    client.publishes(2, NEWS);
    let sent = client.published();
    assert_eq!(sent.last().map(|one| (one.seq, one.publisher)), Some((1, None)));
    assert_eq!(names.len(), 1);
}
