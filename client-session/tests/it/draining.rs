use tidewire_protocol::ClientFrame;
use tidewire_session::{Event, LinkId, Timer, Timestamp};

use crate::script::{
    NEWS, Script, accepted, delivery, entry, going_away, position, publication, refused, resumed, subscribed,
    welcome,
};

impl Script {
    /// The node says that it goes, and the new link is open. Gives the old one.
    fn is_moving(&mut self) -> LinkId {
        let old = self.link;
        self.receives(going_away(30_000, 5_000));
        assert_eq!(self.next_timer(), Timer::Handover);
        self.waits_ms(5_000);
        assert!(self.opened_a_link());
        self.opens();
        old
    }

    /// Waits until the session opens a link, and lets it; false where it did not in time.
    fn opens_another_link_before(&mut self, end: Timestamp) -> bool {
        self.opened.clear();
        while self.opened.is_empty() && self.now < end {
            self.waits_ms(50);
        }
        let opened = self.opened_a_link();
        if opened {
            self.opens();
        }
        opened
    }
}

#[test]
fn the_new_link_opens_inside_the_spread_and_the_old_one_closes_when_the_new_one_speaks() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    let old = client.is_moving();
    client.says_hello_and(&[(NEWS, &[position(1), position(0)])]);
    let request = client.asked_for(NEWS);
    assert!(client.is_live());
    client.receives(welcome());
    assert_eq!(client.closed_a_link(), None);
    client.receives(resumed(request.id, NEWS, position(1), vec![], 1));
    assert_eq!(client.closed_a_link(), Some((old, 1000)));
    assert!(client.is_live());
}

#[test]
fn both_links_may_deliver_and_nothing_is_told_twice() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    let old = client.is_moving();
    let request = client.asked_for(NEWS);
    client.receives_on(old, vec![publication(2), publication(3)]);
    client.receives_all(vec![
        welcome(),
        resumed(request.id, NEWS, position(1), vec![entry(2), entry(3), entry(4)], 4),
        publication(5),
    ]);
    client.receives_on(old, vec![publication(4), publication(5)]);
    assert_eq!(client.shown(1), [1, 2, 3, 4, 5]);
}

#[test]
fn if_the_old_link_rewound_before_the_new_ones_position_it_asks_again() {
    let mut client = Script::live_on(NEWS);
    client.receives_all(vec![publication(1), publication(2)]);
    let old = client.is_moving();
    let request = client.asked_for(NEWS);
    client.receives_on(old, vec![crate::script::rewound(position(1))]);
    client.receives_all(vec![welcome(), resumed(request.id, NEWS, position(2), vec![], 2)]);
    let message = client.next_message();
    let [ClientFrame::Unsubscribe(_), ClientFrame::Subscribe(again)] = &message[..] else {
        panic!("{message:?}");
    };
    assert_eq!(again.since, [position(1), position(0)]);
    client.forgets();
    let mut lower = entry(7);
    lower.position = crate::script::other_position(2);
    // What the first subscribe brings is not for us.
    client.receives(publication(3));
    client.receives_all(vec![resumed(again.id, NEWS, position(1), vec![lower], 2), delivery(entry(2))]);
    assert_eq!(client.shown(1), [2], "the entry of the other branch; 2 itself was seen");
}

#[test]
fn a_publish_during_the_move_goes_out_on_the_link_that_answers() {
    let mut client = Script::live_on(NEWS);
    client.publishes(1, NEWS);
    client.forgets();
    let old = client.is_moving();
    let again = client.published();
    assert_eq!(again.len(), 1);
    client.receives(welcome());
    client.receives(accepted(&again[0]));
    assert!(matches!(client.events.pop_back(), Some(Event::Published { .. })));
    assert_ne!(old, client.link);
}

#[test]
fn an_acknowledgement_on_the_old_link_counts() {
    let mut client = Script::live_on(NEWS);
    client.publishes(1, NEWS);
    let first = client.published().remove(0);
    let old = client.is_moving();
    client.forgets();
    client.receives_on(old, vec![accepted(&first)]);
    assert!(matches!(client.next_event(), Event::Published { .. }));
}

#[test]
fn if_the_new_link_fails_the_old_one_goes_on() {
    let mut client = Script::live_on(NEWS);
    let old = client.is_moving();
    client.subscribes(2, "news:other");
    client.publishes(1, NEWS);
    client.forgets();
    client.loses_the_socket();
    assert!(client.is_live());
    let frames: Vec<_> = client.sent.drain(..).collect();
    assert_eq!(frames.len(), 1);
    let (link, frames) = &frames[0];
    assert_eq!(*link, old);
    assert!(
        matches!(&frames[..], [ClientFrame::Unsubscribe(_), ClientFrame::Subscribe(wish), ClientFrame::Publish(_)] if wish.channel.as_str() == "news:other")
    );
    client.receives_on(old, vec![publication(1)]);
    assert_eq!(client.shown(1), [1]);
    assert_eq!(client.next_timer(), Timer::Reconnect);
}

#[test]
fn if_the_old_link_is_closed_first_nothing_is_lost() {
    let mut client = Script::live_on(NEWS);
    let old = client.is_moving();
    let request = client.asked_for(NEWS);
    client.hears(tidewire_session::Input::Link(
        old,
        tidewire_session::LinkEvent::Closed { code: Some(4000), reason: String::new() },
    ));
    client.receives_all(vec![welcome(), resumed(request.id, NEWS, position(0), vec![entry(1)], 1)]);
    assert_eq!(client.shown(1), [1]);
    assert!(client.is_live());
}

#[test]
fn the_old_link_stays_until_every_channel_is_answered() {
    let mut client = Script::live_on(NEWS);
    client.subscribes(2, "chat:lobby");
    let lobby = client.asked_for("chat:lobby");
    let mut answer = subscribed(lobby.id, "chat:lobby", 0);
    if let tidewire_protocol::ServerFrame::Subscribed(subscribed) = &mut answer {
        subscribed.alias = tidewire_protocol::Alias(8);
    }
    client.receives(answer);
    let old = client.is_moving();
    let frames: Vec<_> = client.next_message();
    let ids: Vec<_> = frames
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Subscribe(wish) => Some(wish.id),
            _ => None,
        })
        .collect();
    client.receives(welcome());
    client.receives(refused(ids[0], tidewire_protocol::RefusalCode::Forbidden));
    assert_eq!(client.closed_a_link(), None);
    client.receives(resumed(ids[1], NEWS, position(0), vec![], 0));
    assert_eq!(client.closed_a_link(), Some((old, 1000)));
}

#[test]
fn a_client_that_is_sent_on_wherever_it_arrives_moves_ever_more_slowly() {
    let mut client = Script::live_on(NEWS);
    let end = client.now.after_ms(120_000);
    let mut moves = 0;
    client.receives(going_away(0, 0));
    while client.opens_another_link_before(end) {
        moves += 1;
        let request = client.asked_for(NEWS);
        let answer = resumed(request.id, NEWS, position(0), vec![], 0);
        client.receives_all(vec![welcome(), answer, going_away(0, 0)]);
    }
    assert!((5..40).contains(&moves), "{moves} moves in two minutes");
}

#[test]
fn a_link_that_lived_is_left_inside_the_spread_however_many_did_not_before() {
    let mut client = Script::live_on(NEWS);
    for _ in 0..8 {
        client.receives(going_away(0, 0));
        assert!(client.opens_another_link_before(client.now.after_ms(60_000)));
        let request = client.asked_for(NEWS);
        client.receives_all(vec![welcome(), resumed(request.id, NEWS, position(0), vec![], 0)]);
    }
    client.waits_ms(5_000);
    client.receives(going_away(0, 0));
    client.waits_ms(0);
    assert!(client.opened_a_link());
}

#[test]
fn a_balancer_that_leads_back_to_the_draining_node_is_asked_ever_more_slowly_while_the_old_link_goes_on() {
    let mut client = Script::live_on(NEWS);
    let old = client.is_moving();
    let end = client.now.after_ms(20_000);
    let mut attempts = 0;
    client.loses_the_socket();
    while client.opens_another_link_before(end) {
        attempts += 1;
        client.loses_the_socket();
        assert!(client.is_live(), "on the old link");
    }
    assert!((4..25).contains(&attempts), "{attempts} attempts in 20 s");
    client.receives_on(old, vec![publication(1)]);
    assert_eq!(client.shown(1), [1]);
}
