use tidewire_protocol::{RefusalCode, ResetReason, UnsubscribeCode};
use tidewire_session::{Event, Gap, Refusal, SubscriptionId, Timer};

use crate::script::{
    NEWS, Script, delivery, entry, other_position, position, publication, refused, reset, reset_at, rewound,
    subscribed, unsubscribed, welcome,
};

fn gap(gap: Gap) -> Event {
    Event::Gap { subscription: SubscriptionId(1), gap }
}

#[test]
fn a_subscriber_whose_place_is_gone_is_told_why_before_anything_else() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.loses_the_socket();
    client.comes_back();
    let request = client.asked_for(NEWS);
    client.receives(welcome());
    client.forgets();
    client.receives_all(vec![reset_at(request.id, NEWS, 500, ResetReason::Trimmed), publication(501)]);
    client.tells(&gap(Gap::Reset(ResetReason::Trimmed)));
    let event = client.next_event();
    assert!(
        matches!(event, Event::Subscribed { position: Some(at), recovered: false, .. } if at == position(500))
    );
    assert_eq!(client.shown(1), [501]);
}

#[test]
fn after_a_reset_nothing_is_dropped_as_seen() {
    let mut client = Script::live_on(NEWS);
    client.receives_all(vec![publication(1), publication(2)]);
    client.receives_all(vec![rewound(position(0)), reset(position(0), ResetReason::Replaced)]);
    client.forgets();
    client.receives_all(vec![publication(1), publication(2)]);
    assert_eq!(client.shown(1), [1, 2]);
}

#[test]
fn a_rewind_to_a_position_that_it_does_not_hold_is_a_reset() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.forgets();
    client.receives(rewound(other_position(1)));
    client.tells(&gap(Gap::Reset(ResetReason::RolledBack)));
    client.loses_the_socket();
    client.comes_back();
    client.says_hello_and(&[(NEWS, &[other_position(1)])]);
}

#[test]
fn what_a_publisher_lost_is_told_before_the_publication_that_says_so() {
    let mut client = Script::live_on(NEWS);
    let mut after_loss = entry(2);
    after_loss.missing = 3;
    client.receives_all(vec![publication(1), delivery(after_loss), publication(3)]);
    assert!(
        matches!(client.next_event(), Event::Publications { publications, .. } if publications.len() == 1)
    );
    client.tells(&gap(Gap::Missing { count: 3, before: position(2) }));
    assert_eq!(client.shown(1), [2, 3]);
}

#[test]
fn what_is_missing_is_told_even_where_the_publication_is_dropped_as_seen() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.receives(rewound(position(0)));
    client.forgets();
    let mut forced = entry(1);
    forced.missing = 2;
    client.receives(delivery(forced));
    client.tells(&gap(Gap::Missing { count: 2, before: position(1) }));
    client.tells_nothing_more();
}

#[test]
fn a_subscription_that_the_server_ends_is_over() {
    let mut client = Script::live_on(NEWS);
    client.receives(unsubscribed(UnsubscribeCode::Forbidden));
    client.tells(&Event::Unsubscribed { subscription: SubscriptionId(1), code: UnsubscribeCode::Forbidden });
    client.receives(publication(1));
    client.tells_nothing_more();
    client.loses_the_socket();
    client.comes_back();
    client.says_hello_and(&[]);
}

#[test]
fn a_subscription_that_is_refused_is_over() {
    let mut client = Script::live();
    client.subscribes(1, NEWS);
    let request = client.asked_for(NEWS);
    client.receives(refused(request.id, RefusalCode::Forbidden));
    let refusal = Refusal::Server { code: RefusalCode::Forbidden, reason: "forbidden".into() };
    client.tells(&Event::SubscribeRefused { subscription: SubscriptionId(1), refusal });
}

#[test]
fn a_subscription_that_is_refused_for_now_is_tried_again() {
    let mut client = Script::live();
    client.subscribes(1, NEWS);
    let request = client.asked_for(NEWS);
    client.receives(refused(request.id, RefusalCode::Unavailable));
    client.tells_nothing_more();
    assert_eq!(client.next_timer(), Timer::Resubscribe);
    client.waits_ms(200);
    let again = client.asked_for(NEWS);
    client.receives(subscribed(again.id, NEWS, 3));
    assert!(matches!(client.next_event(), Event::Subscribed { .. }));
}
