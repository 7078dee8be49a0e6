use tidewire_protocol::{ClientFrame, CloseCode};
use tidewire_session::{Command, End, Event, Loss, Status, Timer, TokenError};

use crate::script::{NEWS, Script, position, publication, subscribed, welcome};

#[test]
fn it_does_nothing_before_it_is_told_to_connect() {
    let mut client = Script::new();
    client.subscribes(1, NEWS);
    client.publishes(1, NEWS);
    client.says_nothing_more();
    assert!(!client.opened_a_link());
    assert_eq!(client.session.status(), &Status::Idle);
}

#[test]
fn it_fetches_a_token_before_it_opens_a_link_and_says_it_in_hello() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    assert_eq!(client.token_fetches, 1);
    assert!(!client.opened_a_link());
    client.is_given_the_token("secret");
    assert!(client.opened_a_link());
    client.opens();
    let message = client.next_message();
    assert!(matches!(&message[..], [ClientFrame::Hello(hello)] if hello.token.as_deref() == Some("secret")));
}

#[test]
fn hello_and_all_subscriptions_go_out_in_one_message() {
    let mut client = Script::new();
    client.subscribes(1, NEWS);
    client.subscribes(2, "chat:lobby");
    client.wants(Command::Connect);
    client.is_given_no_token();
    client.opens();
    client.says_hello_and(&[("chat:lobby", &[]), (NEWS, &[])]);
}

#[test]
fn it_is_live_when_the_server_welcomes_it() {
    let mut client = Script::new();
    client.connects();
    assert!(client.is_live());
    let statuses: Vec<_> = client.events.iter().collect();
    assert!(matches!(
        statuses[..],
        [Event::Status(Status::Connecting), Event::Status(Status::Live { node, .. })] if node == "n1"
    ));
}

#[test]
fn publications_follow_a_subscription() {
    let mut client = Script::live();
    client.subscribes(1, NEWS);
    let request = client.asked_for(NEWS);
    client.receives_all(vec![subscribed(request.id, NEWS, 4), publication(5), publication(6)]);
    assert_eq!(client.shown(1), [5, 6]);
    let event = client.next_event();
    assert!(
        matches!(event, Event::Subscribed { position: Some(at), replayed: 0, recovered: false, .. } if at == position(4))
    );
}

#[test]
fn what_arrives_in_one_message_is_told_as_one() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=100).map(publication).collect());
    let event = client.next_event();
    assert!(
        matches!(event, Event::Publications { publications, replayed: false, .. } if publications.len() == 100)
    );
    client.tells_nothing_more();
}

#[test]
fn a_socket_that_never_opens_is_given_up() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    client.is_given_no_token();
    assert_eq!(client.next_timer(), Timer::Connect);
    let stuck = client.link;
    client.waits_ms(8_000);
    assert_eq!(client.closed_a_link(), Some((stuck, 1000)));
    assert!(matches!(client.session.status(), Status::Waiting { why: Loss::Timeout, .. }));
}

#[test]
fn a_server_that_does_not_welcome_is_given_up() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    client.is_given_no_token();
    client.opens();
    client.waits_ms(8_000);
    assert!(client.closed_a_link().is_some());
    client.waits_out_the_backoff();
    client.opens();
    client.receives(welcome());
    assert!(client.is_live());
}

#[test]
fn events_of_a_dead_socket_fall_away() {
    let mut client = Script::live_on(NEWS);
    let dead = client.link;
    client.loses_the_socket();
    client.forgets();
    client.receives_on(dead, vec![publication(1), welcome()]);
    client.tells_nothing_more();
    assert!(!client.is_live());
}

#[test]
fn a_token_that_is_not_there_now_is_asked_for_again() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    client.is_told_that_there_is_no_token(TokenError::Unavailable("503".into()));
    assert!(matches!(client.session.status(), Status::Waiting { why: Loss::Token(_), .. }));
    client.waits_out_the_backoff();
    assert_eq!(client.token_fetches, 2);
}

#[test]
fn a_token_that_will_never_be_there_ends_it() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    client.is_told_that_there_is_no_token(TokenError::Refused("signed out".into()));
    assert!(matches!(client.session.status(), Status::Ended { why: End::Token(_) }));
    assert_eq!(client.session.deadline(), None);
}

#[test]
fn an_application_that_never_brings_the_token_does_not_stop_it_for_ever() {
    let mut client = Script::new();
    client.wants(Command::Connect);
    client.waits_ms(30_000);
    client.waits_out_the_backoff();
    assert_eq!(client.token_fetches, 2);
    client.is_given_the_token("late");
    assert!(client.opened_a_link());
}

#[test]
fn a_code_that_says_stay_away_ends_it_until_it_is_told_to_connect_again() {
    let mut client = Script::live_on(NEWS);
    client.is_closed_with(CloseCode::Disconnected);
    assert!(matches!(
        client.session.status(),
        Status::Ended { why: End::Server { code: CloseCode::Disconnected, .. } }
    ));
    assert_eq!(client.session.deadline(), None);
    client.connects();
    client.says_hello_and(&[(NEWS, &[position(0)])]);
}

#[test]
fn closing_closes_the_link() {
    let mut client = Script::live_on(NEWS);
    let link = client.link;
    client.wants(Command::Close);
    assert_eq!(client.closed_a_link(), Some((link, 1000)));
    client.tells(&Event::Status(Status::Ended { why: End::Application }));
}
