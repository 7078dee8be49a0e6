use tidewire_protocol::{ClientFrame, CloseCode, Refreshed, RefusalCode, RequestId, ServerFrame, Welcome};
use tidewire_session::{Command, Event, Timer, TokenError};

use crate::script::{NEWS, Script, ping, plain_welcome, refused};

impl Script {
    /// Live with a token that is good for a hundred seconds.
    fn live_with_a_token() -> Self {
        let mut client = Self::new();
        client.wants(Command::Connect);
        client.is_given_the_token("first");
        client.opens();
        client.receives(ServerFrame::Welcome(Welcome {
            token_expires_in_ms: Some(100_000),
            ..plain_welcome()
        }));
        client.forgets();
        client
    }

    fn waits_until_it_asks(&mut self) {
        for _ in 0..4 {
            self.waits_ms(20_000);
            self.receives(ping());
        }
        self.sent.clear();
    }

    fn refreshes(&mut self) -> (RequestId, String) {
        let message = self.next_message();
        match &message[..] {
            [ClientFrame::Refresh(refresh)] => (refresh.id, refresh.token.clone()),
            other => panic!("not a refresh: {other:?}"),
        }
    }
}

#[test]
fn before_the_token_expires_a_new_one_goes_to_the_server_on_the_same_link() {
    let mut client = Script::live_with_a_token();
    client.waits_until_it_asks();
    assert_eq!(client.token_fetches, 1);
    client.is_given_the_token("second");
    let (id, token) = client.refreshes();
    assert_eq!(token, "second");
    client.receives(ServerFrame::Refreshed(Refreshed { id, token_expires_in_ms: Some(100_000) }));
    assert!(client.is_live());
    client.waits_until_it_asks();
    assert_eq!(client.token_fetches, 2);
}

#[test]
fn a_failed_refresh_is_told_and_tried_again() {
    let mut client = Script::live_with_a_token();
    client.waits_until_it_asks();
    let error = TokenError::Unavailable("503".into());
    client.is_told_that_there_is_no_token(error.clone());
    client.tells(&Event::TokenFailed(error));
    assert!(client.is_live());
    client.waits_ms(5_000);
    assert_eq!(client.token_fetches, 2);
}

#[test]
fn a_link_that_is_closed_because_of_the_token_comes_back_at_once_with_a_fresh_one() {
    let mut client = Script::live_with_a_token();
    client.waits_ms(10_000);
    client.is_closed_with(CloseCode::TokenExpired);
    assert_eq!(client.token_fetches, 1);
    client.is_given_the_token("second");
    assert!(client.opened_a_link());
    client.opens();
    let message = client.next_message();
    assert!(matches!(&message[..], [ClientFrame::Hello(hello)] if hello.token.as_deref() == Some("second")));
    // If that one is no better, it waits like everybody.
    client.is_closed_with(CloseCode::TokenExpired);
    assert_eq!(client.token_fetches, 1);
    assert_eq!(client.next_timer(), Timer::Reconnect);
}

#[test]
fn a_token_that_is_still_good_is_used_again() {
    let mut client = Script::live_with_a_token();
    client.waits_ms(10_000);
    client.loses_the_socket();
    client.comes_back();
    assert_eq!(client.token_fetches, 0);
    let message = client.next_message();
    assert!(matches!(&message[..], [ClientFrame::Hello(hello)] if hello.token.as_deref() == Some("first")));
}

#[test]
fn a_token_that_expired_while_it_was_away_is_not_used() {
    let mut client = Script::live_with_a_token();
    client.loses_the_socket();
    client.now = client.now.after_ms(200_000);
    client.waits_out_the_backoff();
    assert_eq!(client.token_fetches, 1);
    assert!(!client.opened_a_link());
}

#[test]
fn a_request_that_is_refused_because_of_the_token_makes_it_fetch_another() {
    let mut client = Script::live_with_a_token();
    client.subscribes(1, NEWS);
    let request = client.asked_for(NEWS);
    client.receives(refused(request.id, RefusalCode::TokenExpired));
    client.waits_ms(1_000);
    assert_eq!(client.token_fetches, 1);
    client.tells_nothing_more();
}
