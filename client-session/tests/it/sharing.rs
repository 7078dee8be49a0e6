//! Several subscriptions of one channel share one on the wire.

use tidewire_protocol::{ClientFrame, History, ResetReason};
use tidewire_session::{Event, Gap, SubscriptionId};

use crate::script::{
    NEWS, Script, entry, name, page, position, publication, reset, resumed, rewound, subscribed,
    unsubscribed_by_wish, welcome,
};

#[test]
fn a_second_subscription_begins_at_the_tip_without_a_word_to_the_server() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.forgets();
    client.subscribes(2, NEWS);
    client.says_nothing_more();
    assert!(matches!(
        client.next_event(),
        Event::Subscribed { subscription: SubscriptionId(2), position: Some(at), .. } if at == position(1)
    ));
    client.receives(publication(2));
    assert_eq!(client.shown(1), [2]);
    assert_eq!(client.shown(2), [2]);
}

#[test]
fn a_second_subscription_gets_what_it_asked_for_from_the_log_without_gap_or_double() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=5).map(publication).collect());
    client.forgets();
    client.subscribes_with(2, NEWS, 3, None);
    let message = client.next_message();
    let [ClientFrame::History(History { id, limit: 3, since: None, .. })] = message[..] else {
        panic!("{message:?}");
    };
    // What is published meanwhile waits, and is in the page too.
    client.receives(publication(6));
    client.receives(page(id, (3..=7).map(entry).collect(), 7));
    client.receives(publication(7));
    assert_eq!(client.shown(2), [3, 4, 5, 6, 7]);
    assert_eq!(client.shown(1), [6, 7]);
}

#[test]
fn a_page_that_begins_after_the_tip_makes_no_gap() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.forgets();
    client.subscribes_with(2, NEWS, 2, None);
    let message = client.next_message();
    let [ClientFrame::History(History { id, .. })] = message[..] else { panic!("{message:?}") };
    client.receives_all(vec![publication(2), publication(3)]);
    client.receives(page(id, vec![entry(2), entry(3)], 3));
    client.receives(publication(4));
    assert_eq!(client.shown(2), [2, 3, 4]);
}

#[test]
fn a_second_subscription_may_continue_from_its_own_position() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=5).map(publication).collect());
    client.forgets();
    client.subscribes_with(2, NEWS, 0, Some(position(2)));
    let message = client.next_message();
    let [ClientFrame::History(History { id, since: Some(since), .. })] = message[..] else {
        panic!("{message:?}");
    };
    assert_eq!(since, position(2));
    client.receives(page(id, vec![entry(3), entry(4), entry(5)], 5));
    assert_eq!(client.shown(2), [3, 4, 5]);
}

#[test]
fn one_that_asked_for_a_position_that_is_gone_is_told() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.forgets();
    client.subscribes_with(2, NEWS, 0, Some(position(900)));
    let message = client.next_message();
    let [ClientFrame::History(History { id, .. })] = message[..] else { panic!("{message:?}") };
    client.receives(tidewire_protocol::ServerFrame::History(tidewire_protocol::HistoryPage {
        id,
        position: position(1),
        publications: vec![entry(1)],
        reset: Some(ResetReason::Trimmed),
        more: false,
    }));
    client.tells(&Event::Gap { subscription: SubscriptionId(2), gap: Gap::Reset(ResetReason::Trimmed) });
    assert_eq!(client.shown(2), [1]);
}

#[test]
fn one_that_joins_while_the_channel_replays_gets_only_what_comes_after() {
    let mut client = Script::live();
    client.subscribes_with(1, NEWS, 4, None);
    client.subscribes(2, NEWS);
    let request = client.asked_for(NEWS);
    client.receives_all(vec![
        resumed(request.id, NEWS, position(1), vec![entry(2), entry(3)], 5),
        publication(4),
        publication(5),
        publication(6),
    ]);
    assert_eq!(client.shown(1), [2, 3, 4, 5, 6]);
    assert_eq!(client.shown(2), [6]);
}

#[test]
fn a_log_that_goes_back_before_a_beginning_does_not_silence_the_beginner() {
    let mut client = Script::live();
    client.subscribes_with(1, NEWS, 4, None);
    client.subscribes(2, NEWS);
    let request = client.asked_for(NEWS);
    client.receives_all(vec![
        resumed(request.id, NEWS, position(1), vec![entry(2)], 5),
        rewound(position(2)),
        publication(30),
    ]);
    assert_eq!(client.shown(2), [30]);
}

#[test]
fn a_reset_is_told_to_each() {
    let mut client = Script::live_on(NEWS);
    client.subscribes(2, NEWS);
    client.forgets();
    client.receives(reset(position(9), ResetReason::Replaced));
    for subscription in [SubscriptionId(1), SubscriptionId(2)] {
        client.tells(&Event::Gap { subscription, gap: Gap::Reset(ResetReason::Replaced) });
    }
}

#[test]
fn the_server_is_told_when_the_last_one_leaves() {
    let mut client = Script::live_on(NEWS);
    client.subscribes(2, NEWS);
    client.unsubscribes(1);
    client.says_nothing_more();
    client.unsubscribes(2);
    let message = client.next_message();
    assert!(matches!(&message[..], [ClientFrame::Unsubscribe(wish)] if wish.channel == name(NEWS)));
}

#[test]
fn an_unsubscribe_under_way_does_not_end_a_new_subscription() {
    let mut client = Script::live_on(NEWS);
    client.unsubscribes(1);
    let message = client.next_message();
    let [ClientFrame::Unsubscribe(wish)] = &message[..] else { panic!("{message:?}") };
    let wish = wish.id;
    client.subscribes(2, NEWS);
    let request = client.asked_for(NEWS);
    client.forgets();
    client.receives_all(vec![
        publication(1),
        unsubscribed_by_wish(wish),
        subscribed(request.id, NEWS, 1),
        publication(2),
    ]);
    assert_eq!(client.shown(2), [2]);
}

#[test]
fn one_that_joins_while_the_link_is_lost_begins_with_the_next() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.loses_the_socket();
    client.subscribes(2, NEWS);
    client.comes_back();
    let request = client.asked_for(NEWS);
    client.receives_all(vec![
        welcome(),
        resumed(request.id, NEWS, position(1), vec![entry(2)], 2),
        publication(3),
    ]);
    assert_eq!(client.shown(2), [3]);
    assert_eq!(client.shown(1), [1, 2, 3]);
}
