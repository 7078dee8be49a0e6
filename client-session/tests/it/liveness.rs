use tidewire_protocol::{ClientFrame, CloseCode, Ping, Pong};
use tidewire_session::{Loss, Status, Timer, Wake};

use crate::script::{NEWS, Script, ping, pong, publication};

#[test]
fn a_ping_is_answered() {
    let mut client = Script::live();
    client.receives(ping());
    client.says(&ClientFrame::Pong(Pong {}));
}

#[test]
fn a_server_that_is_silent_for_its_heartbeat_and_ten_seconds_is_given_up() {
    let mut client = Script::live_on(NEWS);
    let link = client.link;
    client.waits_ms(34_999);
    assert!(client.is_live());
    client.waits_ms(1);
    assert_eq!(client.closed_a_link(), Some((link, CloseCode::Unresponsive.number())));
    assert!(matches!(client.session.status(), Status::Waiting { why: Loss::Silent, .. }));
}

#[test]
fn whatever_arrives_is_a_sign_of_life() {
    let mut client = Script::live_on(NEWS);
    client.waits_ms(30_000);
    client.receives(publication(1));
    client.waits_ms(30_000);
    assert!(client.is_live());
}

#[test]
fn after_a_wake_it_asks_and_waits_four_seconds() {
    for wake in [Wake::PageShown, Wake::Resumed, Wake::Online, Wake::Offline, Wake::ClockJumped] {
        let mut client = Script::live_on(NEWS);
        client.wakes(wake);
        client.says(&ClientFrame::Ping(Ping {}));
        let dead = client.link;
        client.waits_ms(4_000);
        assert_eq!(client.closed_a_link(), Some((dead, CloseCode::Unresponsive.number())), "{wake:?}");
        // It alone slept: there is no crowd to spread.
        assert!(client.opened_a_link());
    }
}

#[test]
fn an_answered_probe_leaves_everything_as_it_was() {
    let mut client = Script::live_on(NEWS);
    client.wakes(Wake::PageShown);
    client.receives(pong());
    client.waits_ms(4_000);
    assert!(client.is_live());
    assert_eq!(client.closed_a_link(), None);
}

#[test]
fn several_wakes_ask_once() {
    let mut client = Script::live_on(NEWS);
    client.wakes(Wake::PageShown);
    client.wakes(Wake::Online);
    client.says(&ClientFrame::Ping(Ping {}));
    client.says_nothing_more();
}

#[test]
fn a_late_timer_proves_nothing() {
    let mut client = Script::live_on(NEWS);
    client.sleeps_ms(3_600_000);
    assert!(client.is_live());
    client.says(&ClientFrame::Ping(Ping {}));
    assert_eq!(client.next_timer(), Timer::Liveness);
    client.waits_ms(4_000);
    assert!(!client.is_live());
}

#[test]
fn a_hidden_page_is_no_reason_for_anything() {
    let mut client = Script::live_on(NEWS);
    client.wakes(Wake::PageHidden);
    client.says_nothing_more();
    assert!(client.is_live());
}
