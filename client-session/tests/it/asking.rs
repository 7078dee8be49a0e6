use tidewire_protocol::{ClientFrame, RefusalCode, RequestId};
use tidewire_session::{Command, Event, HistoryId, Refusal, SessionConfig};

use crate::script::{NEWS, Script, entry, page, refused, welcome};

impl Script {
    fn question(&mut self) -> (RequestId, u64) {
        let frames: Vec<_> = self.sent.drain(..).flat_map(|(_, frames)| frames).collect();
        match frames.last() {
            Some(ClientFrame::History(history)) => (history.id, history.limit),
            other => panic!("not a question: {other:?}"),
        }
    }
}

#[test]
fn a_question_is_answered() {
    let mut client = Script::live();
    client.asks_for_history(5, NEWS, 10);
    let (id, limit) = client.question();
    assert_eq!(limit, 10);
    client.receives(page(id, vec![entry(1)], 1));
    assert!(matches!(client.next_event(), Event::History { history: HistoryId(5), .. }));
}

#[test]
fn a_question_waits_for_a_link_and_is_asked_again_on_the_next() {
    let mut client = Script::new();
    client.asks_for_history(5, NEWS, 10);
    client.connects();
    client.question();
    client.loses_the_socket();
    client.comes_back();
    client.receives(welcome());
    let (id, _) = client.question();
    client.receives(page(id, vec![], 0));
    assert!(matches!(client.events.pop_back(), Some(Event::History { .. })));
}

#[test]
fn a_refusal_is_told_with_what_may_be_done() {
    let mut client = Script::live();
    client.asks_for_history(5, NEWS, 10);
    let (id, _) = client.question();
    client.receives(refused(id, RefusalCode::Unavailable));
    let Event::HistoryRefused { refusal, .. } = client.next_event() else { panic!("a refusal") };
    assert_eq!((refusal.word(), refusal.advice()), ("unavailable", tidewire_protocol::Advice::Retry));
}

#[test]
fn one_question_too_many_is_refused() {
    let mut client = Script::with(SessionConfig { questions: 1, ..SessionConfig::default() });
    client.asks_for_history(1, NEWS, 10);
    client.asks_for_history(2, NEWS, 10);
    client.tells(&Event::HistoryRefused { history: HistoryId(2), refusal: Refusal::Overflow });
}

#[test]
fn the_end_answers_every_question() {
    let mut client = Script::live();
    client.asks_for_history(1, NEWS, 10);
    client.wants(Command::Close);
    client.tells(&Event::HistoryRefused { history: HistoryId(1), refusal: Refusal::Ended });
}
