//! Who is in a channel: asked once, or watched.

use tidewire_protocol::{
    ClientFrame, Joined, Left, Member, Occupancy, Presence, PresenceList, RefusalCode, RequestId, ServerFrame,
};
use tidewire_session::{Command, Event, PresenceCommand, PresenceEvent, PresenceId, Refusal, Timer};

use crate::script::{NEWS, NEWS_ALIAS, Script, name, plain_welcome, refused, subscribed};

impl Script {
    fn live_where_presence_is_told() -> Self {
        let mut script = Self::new();
        script.wants(Command::Connect);
        script.is_given_no_token();
        script.opens();
        script.receives(telling());
        script.forgets();
        script
    }

    fn live_on_news_where_presence_is_told() -> Self {
        let mut script = Self::live_where_presence_is_told();
        script.subscribes(1, NEWS);
        let request = script.asked_for(NEWS);
        script.receives(subscribed(request.id, NEWS, 0));
        script.forgets();
        script
    }

    fn asks_who_is_there(&mut self, presence: u32) {
        let presence = PresenceId(presence);
        let ask = PresenceCommand::Ask { presence, channel: name(NEWS), after: None, limit: 10 };
        self.wants(Command::Presence(ask));
    }

    fn watches(&mut self, presence: u32) {
        let presence = PresenceId(presence);
        self.wants(Command::Presence(PresenceCommand::Watch { presence, channel: name(NEWS) }));
    }

    fn unwatches(&mut self, presence: u32) {
        self.wants(Command::Presence(PresenceCommand::Unwatch { presence: PresenceId(presence) }));
    }

    /// The last frame sent, which asks who is there; others go.
    fn asked(&mut self) -> Presence {
        let frames: Vec<_> = self.sent.drain(..).flat_map(|(_, frames)| frames).collect();
        match frames.into_iter().last() {
            Some(ClientFrame::Presence(wish)) => wish,
            other => panic!("not a question for who is there: {other:?}"),
        }
    }

    /// Comes back on another link, where the channel is subscribed to again.
    fn loses_the_socket_and_comes_back(&mut self) {
        self.loses_the_socket();
        self.comes_back();
        self.receives(telling());
        let request = self.asked_for(NEWS);
        self.receives(subscribed(request.id, NEWS, 0));
        self.events.retain(|event| matches!(event, Event::Presence(_)));
    }

    fn tells_who_is_there(&mut self, watch: u32, expected: &[&str]) {
        match self.next_event() {
            Event::Presence(PresenceEvent::Members { presence, members }) => {
                assert_eq!((presence.0, users(&members)), (watch, expected.to_vec()));
            }
            other => panic!("not who is there: {other:?}"),
        }
    }
}

#[test]
fn a_question_is_answered_with_a_page() {
    let mut client = Script::live_where_presence_is_told();
    client.asks_who_is_there(5);
    let wish = client.asked();
    assert_eq!((wish.limit, wish.watch), (10, false));
    client.receives(list(wish.id, &["ada"], Some("ada")));
    match client.next_event() {
        Event::Presence(PresenceEvent::Page { presence: PresenceId(5), page }) => {
            assert_eq!((users(&page.members), page.next.as_deref()), (vec!["ada"], Some("ada")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_question_is_asked_again_on_the_next_link_and_answered_at_the_end() {
    let mut client = Script::live_where_presence_is_told();
    client.asks_who_is_there(5);
    client.asked();
    client.loses_the_socket();
    client.comes_back();
    client.receives(telling());
    client.asked();
    client.forgets();
    client.wants(Command::Close);
    client.tells(&refusal(5, Refusal::Ended));
}

#[test]
fn where_it_is_not_offered_it_is_not_asked() {
    let mut client = Script::live_on(NEWS);
    client.asks_who_is_there(5);
    client.watches(6);
    for presence in [5, 6] {
        match client.next_event() {
            Event::Presence(PresenceEvent::Refused { presence: told, refusal }) => {
                assert_eq!((told.0, refusal.word()), (presence, "not_supported"));
            }
            other => panic!("{other:?}"),
        }
    }
    client.says_nothing_more();
}

#[test]
fn a_watch_begins_with_all_pages_and_goes_on_with_what_changes() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    assert!(first.watch);
    client.receives(list(first.id, &["ada", "bob"], Some("bob")));
    let second = client.asked();
    assert_eq!((second.watch, second.after.as_deref()), (true, Some("bob")));
    client.receives(list(second.id, &["cid"], None));
    client.tells_who_is_there(5, &["ada", "bob", "cid"]);
    client.receives(joined(&["dan", "eve"]));
    client.receives(left(&["ada"]));
    let presence = PresenceId(5);
    client.tells(&Event::Presence(PresenceEvent::Joined {
        presence,
        members: vec![member("dan"), member("eve")],
    }));
    client.tells(&Event::Presence(PresenceEvent::Left { presence, members: vec![member("ada")] }));
    client.tells_nothing_more();
}

#[test]
fn what_changes_while_pages_are_under_way_counts_more_than_they_do() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    client.receives(joined(&["zoe"]));
    client.receives(list(first.id, &["ada", "bob"], Some("bob")));
    let second = client.asked();
    client.receives(left(&["ada"]));
    client.receives(joined(&["cid"]));
    client.receives(left(&["dan"]));
    client.receives(list(second.id, &["cid", "dan", "eve"], None));
    client.tells_who_is_there(5, &["bob", "eve", "cid", "zoe"]);
    client.tells_nothing_more();
}

#[test]
fn told_to_ask_again_it_does_so_at_a_random_moment_and_believes_no_change_before() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    client.receives(list(first.id, &["ada"], None));
    client.forgets();
    client.receives(counted(7, 6, Some(1_000)));
    let presence = PresenceId(5);
    client.tells(&Event::Presence(PresenceEvent::Counted { presence, connections: 7, users: 6 }));
    client.receives(joined(&["bob"]));
    client.tells_nothing_more();
    client.says_nothing_more();
    assert_eq!(client.next_timer(), Timer::Presence);
    client.waits_ms(1_000);
    let again = client.asked();
    client.receives(list(again.id, &["ada", "bob"], None));
    client.tells_who_is_there(5, &["ada", "bob"]);
}

#[test]
fn where_only_counts_are_told_it_asks_no_further_until_it_is_told_to() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    client.receives(counted(5_000, 4_000, None));
    client.receives(list(first.id, &["ada"], Some("ada")));
    client.says_nothing_more();
    let presence = PresenceId(5);
    client.tells(&Event::Presence(PresenceEvent::Counted { presence, connections: 5_000, users: 4_000 }));
    client.receives(counted(5_001, 4_001, None));
    client.tells(&Event::Presence(PresenceEvent::Counted { presence, connections: 5_001, users: 4_001 }));
    client.waits_ms(20_000);
    client.receives(counted(2, 2, Some(0)));
    client.waits_ms(0);
    client.asked();
}

#[test]
fn after_a_lost_link_a_watch_begins_anew_with_the_subscription() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    client.receives(list(first.id, &["ada"], None));
    client.forgets();
    client.loses_the_socket_and_comes_back();
    let again = client.asked();
    assert_eq!((again.watch, again.after), (true, None));
    client.receives(list(again.id, &["bob"], None));
    client.tells_who_is_there(5, &["bob"]);
}

#[test]
fn a_watch_before_the_subscription_waits_for_it() {
    let mut client = Script::live_where_presence_is_told();
    client.watches(5);
    client.says_nothing_more();
    client.subscribes(1, NEWS);
    let request = client.asked_for(NEWS);
    client.receives(subscribed(request.id, NEWS, 0));
    assert!(client.asked().watch);
}

#[test]
fn two_watches_share_one_list_and_the_last_ends_it() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    client.watches(6);
    let wish = client.asked();
    client.receives(list(wish.id, &["ada"], None));
    client.tells_who_is_there(5, &["ada"]);
    client.tells_who_is_there(6, &["ada"]);
    client.unwatches(5);
    client.says_nothing_more();
    client.receives(joined(&["bob"]));
    assert!(matches!(
        client.next_event(),
        Event::Presence(PresenceEvent::Joined { presence: PresenceId(6), .. })
    ));
    client.unwatches(6);
    assert!(!client.asked().watch);
    client.receives(joined(&["cid"]));
    client.tells_nothing_more();
}

#[test]
fn a_question_does_not_end_a_watch() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    client.asks_who_is_there(6);
    assert!(client.asked().watch);
}

#[test]
fn a_list_that_cannot_be_read_now_is_asked_for_again_and_one_that_never_can_ends_the_watch() {
    let mut client = Script::live_on_news_where_presence_is_told();
    client.watches(5);
    let first = client.asked();
    client.receives(refused(first.id, RefusalCode::Unavailable));
    client.tells_nothing_more();
    client.waits_ms(1_000);
    let second = client.asked();
    client.receives(refused(second.id, RefusalCode::Forbidden));
    let reason = RefusalCode::Forbidden.word().to_owned();
    client.tells(&refusal(5, Refusal::Server { code: RefusalCode::Forbidden, reason }));
    client.waits_ms(5_000);
    client.says_nothing_more();
}

// ---- the server's words

fn telling() -> ServerFrame {
    ServerFrame::Welcome(tidewire_protocol::Welcome {
        features: vec!["presence".to_owned()],
        ..plain_welcome()
    })
}

fn member(user: &str) -> Member {
    Member { user: user.to_owned(), info: None, connection: Some(format!("connection of {user}")) }
}

fn users(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.user.as_str()).collect()
}

fn list(id: RequestId, users: &[&str], next: Option<&str>) -> ServerFrame {
    let members = users.iter().map(|user| member(user)).collect();
    ServerFrame::Presence(PresenceList {
        id,
        members,
        connections: 9,
        users: 9,
        next: next.map(str::to_owned),
    })
}

fn joined(users: &[&str]) -> ServerFrame {
    let (member, others) = first_and_others(users);
    ServerFrame::Joined(Joined { alias: NEWS_ALIAS, member, others, connections: 9, users: 9 })
}

fn left(users: &[&str]) -> ServerFrame {
    let (member, others) = first_and_others(users);
    ServerFrame::Left(Left { alias: NEWS_ALIAS, member, others, connections: 9, users: 9 })
}

fn first_and_others(users: &[&str]) -> (Member, Vec<Member>) {
    (member(users[0]), users[1..].iter().map(|user| member(user)).collect())
}

fn counted(connections: u64, users: u64, again_within_ms: Option<u64>) -> ServerFrame {
    ServerFrame::Occupancy(Occupancy { alias: NEWS_ALIAS, connections, users, again_within_ms })
}

fn refusal(presence: u32, refusal: Refusal) -> Event {
    Event::Presence(PresenceEvent::Refused { presence: PresenceId(presence), refusal })
}
