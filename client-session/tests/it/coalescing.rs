use tidewire_protocol::{ClientFrame, Coalesce};
use tidewire_session::{Command, SessionConfig};

use crate::script::Script;

#[test]
fn the_wish_goes_out_with_each_hello() {
    let mut client = Script::with(SessionConfig { coalesce_ms: 8, ..SessionConfig::default() });
    client.connects();
    assert_eq!(wishes(&mut client), [8]);
    client.loses_the_socket();
    client.waits_out_the_backoff();
    client.is_given_no_token();
    client.opens();
    assert_eq!(wishes(&mut client), [8]);
}

#[test]
fn a_live_server_is_told_what_has_changed_and_nothing_else() {
    let mut client = Script::live();
    client.wants(Command::Coalesce { every_ms: 0 });
    assert!(wishes(&mut client).is_empty());
    client.wants(Command::Coalesce { every_ms: 8 });
    client.wants(Command::Coalesce { every_ms: 8 });
    assert_eq!(wishes(&mut client), [8]);
    client.wants(Command::Coalesce { every_ms: 0 });
    assert_eq!(wishes(&mut client), [0]);
}

#[test]
fn without_a_wish_hello_comes_alone() {
    let mut client = Script::new();
    client.connects();
    assert!(wishes(&mut client).is_empty());
}

/// What the client has said of it since this was asked last.
fn wishes(client: &mut Script) -> Vec<u32> {
    let frames = client.sent.drain(..).flat_map(|(_, frames)| frames);
    let wishes = frames.filter_map(|frame| match frame {
        ClientFrame::Coalesce(Coalesce { every_ms }) => Some(every_ms),
        _ => None,
    });
    wishes.collect()
}
