use tidewire_protocol::{CloseCode, ServerFrame, Welcome};
use tidewire_session::{Loss, Session, SessionConfig, Status, Timer, Timestamp, Wake};

use crate::script::{NEWS, Script, plain_welcome, welcome};

impl Script {
    fn delay_ms(&self) -> u64 {
        match self.session.status() {
            Status::Waiting { until, .. } => until.ms_since(self.now),
            other => panic!("not waiting: {other:?}"),
        }
    }
}

#[test]
fn the_first_delay_after_a_loss_lies_in_the_spread_that_the_server_named() {
    let mut delays = Vec::new();
    for seed in 0..200 {
        let mut client = Script::new();
        client.session = Session::new(SessionConfig::default(), seed);
        client.connects();
        client.receives(ServerFrame::Welcome(plain_welcome()));
        client.waits_ms(10_000);
        client.loses_the_socket();
        delays.push(client.delay_ms());
    }
    assert!(delays.iter().all(|&delay| delay <= 1_000));
    assert!(delays.iter().any(|&delay| delay < 200) && delays.iter().any(|&delay| delay > 800), "{delays:?}");
}

#[test]
fn a_server_may_name_a_wider_spread() {
    let mut client = Script::new();
    client.wants(tidewire_session::Command::Connect);
    client.is_given_no_token();
    client.opens();
    client.receives(ServerFrame::Welcome(Welcome { reconnect_spread_ms: 60_000, ..plain_welcome() }));
    let mut most = 0;
    for _ in 0..20 {
        client.waits_ms(6_000);
        client.loses_the_socket();
        most = most.max(client.delay_ms());
        client.comes_back();
        client.receives(ServerFrame::Welcome(Welcome { reconnect_spread_ms: 60_000, ..plain_welcome() }));
    }
    assert!((10_000..=60_000).contains(&most), "{most}");
}

#[test]
fn further_delays_grow_to_half_a_minute_and_it_never_gives_up() {
    let mut client = Script::live();
    client.waits_ms(10_000);
    client.loses_the_socket();
    let mut late = 0;
    for attempt in 0..200_u32 {
        client.waits_out_the_backoff();
        client.loses_the_socket();
        let delay = client.delay_ms();
        assert!(delay <= (500 << attempt.min(10)).min(30_000), "attempt {attempt}: {delay}");
        late = late.max(delay);
    }
    assert!(late > 20_000, "{late}");
}

#[test]
fn a_link_that_lives_for_a_moment_does_not_start_the_backoff_anew() {
    let mut client = Script::live();
    let mut sum = 0;
    for _ in 0..12 {
        client.waits_ms(100);
        client.loses_the_socket();
        sum += client.delay_ms();
        client.comes_back();
        client.receives(welcome());
    }
    assert!(sum > 20_000, "a server that welcomes and drops is not hammered: {sum}");
}

#[test]
fn when_the_network_or_the_page_is_back_it_tries_at_once() {
    for wake in [Wake::Online, Wake::PageShown, Wake::Resumed, Wake::ClockJumped] {
        let mut client = Script::live();
        client.loses_the_socket();
        client.forgets();
        client.wakes(wake);
        assert!(client.opened_a_link(), "{wake:?}");
    }
}

#[test]
fn that_there_may_be_no_network_is_only_a_hint() {
    let mut client = Script::live();
    client.loses_the_socket();
    client.forgets();
    client.wakes(Wake::Offline);
    client.wakes(Wake::PageHidden);
    assert!(!client.opened_a_link());
    assert_eq!(client.next_timer(), Timer::Reconnect);
}

#[test]
fn codes_below_4500_and_the_websockets_own_mean_come_back() {
    for code in
        [CloseCode::GoingAway, CloseCode::Overloaded, CloseCode::Unknown(1006), CloseCode::Unknown(4499)]
    {
        let mut client = Script::live_on(NEWS);
        client.is_closed_with(code);
        assert!(
            matches!(client.session.status(), Status::Waiting { why: Loss::Closed { .. }, .. }),
            "{code:?}"
        );
    }
}

#[test]
fn a_message_that_cannot_be_read_costs_the_link_and_not_the_session() {
    let mut client = Script::live_on(NEWS);
    let link = client.link;
    client.hears(tidewire_session::Input::Link(link, tidewire_session::LinkEvent::Garbled("frame 1".into())));
    assert_eq!(client.closed_a_link(), Some((link, CloseCode::Malformed.number())));
    assert!(matches!(client.session.status(), Status::Waiting { why: Loss::Garbled(_), .. }));
}

#[test]
fn time_that_seems_to_go_back_does_no_harm() {
    let mut client = Script::live_on(NEWS);
    client.now = Timestamp(5);
    client.loses_the_socket();
    client.comes_back();
    client.receives(welcome());
    assert!(client.is_live());
}
