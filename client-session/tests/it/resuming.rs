use tidewire_session::{Event, SubscriptionId};

use crate::script::{
    NEWS, Script, delivery, entry, other_position, position, publication, resumed, rewound, welcome,
};

#[test]
fn after_losing_the_socket_it_resumes_where_it_was() {
    let mut client = Script::live_on(NEWS);
    client.receives(publication(1));
    client.loses_the_socket();
    client.comes_back();
    client.says_hello_and(&[(NEWS, &[position(1), position(0)])]);
    let request = client.asked_for(NEWS);
    client.receives_all(vec![
        welcome(),
        resumed(request.id, NEWS, position(1), vec![entry(2), entry(3)], 4),
        publication(4),
        publication(5),
    ]);
    assert!(client.events.contains(&Event::Subscribed {
        subscription: SubscriptionId(1),
        position: Some(position(4)),
        replayed: 2,
        recovered: true
    }));
    let replayed: Vec<_> = client
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Publications { publications, replayed, .. } => {
                Some((publications.iter().map(|one| one.position.offset).collect::<Vec<_>>(), *replayed))
            }
            _ => None,
        })
        .collect();
    // Up to the tip that the answer names, publications are old, however they come.
    assert_eq!(replayed, [(vec![1], false), (vec![2, 3], true), (vec![4], true), (vec![5], false)]);
}

#[test]
fn it_offers_its_newest_position_and_those_1_2_4_8_entries_back() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=300).map(publication).collect());
    client.loses_the_socket();
    client.comes_back();
    let offers = client.asked_for(NEWS).since;
    let back: Vec<_> = offers.iter().map(|offer| 300 - offer.offset).collect();
    assert_eq!(back, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256]);
}

#[test]
fn what_it_saw_after_the_position_from_which_the_log_goes_on_is_dropped_once() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=3).map(publication).collect());
    client.loses_the_socket();
    client.comes_back();
    let request = client.asked_for(NEWS);
    client.receives(welcome());
    client.forgets();
    // The log lost 2 and 3; another branch has 2 again, at another position, and something new.
    let mut again = entry(2);
    again.position = other_position(3);
    let mut new = entry(9);
    new.position = other_position(2);
    client.receives(resumed(request.id, NEWS, position(1), vec![new, again], 3));
    assert_eq!(client.shown(1), [2]);
    // Its id alone is no reason to drop a later one.
    let mut same_id = entry(4);
    same_id.id = entry(2).id;
    client.receives(delivery(same_id));
    assert_eq!(client.shown(1), [4]);
}

#[test]
fn a_connected_subscriber_whose_log_went_back_drops_what_comes_again() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=3).map(publication).collect());
    client.forgets();
    client.receives_all(vec![rewound(position(1)), publication(2), publication(3), publication(4)]);
    assert_eq!(client.shown(1), [4]);
    client.tells_nothing_more();
}

#[test]
fn what_is_to_be_dropped_is_remembered_across_further_losses() {
    let mut client = Script::live_on(NEWS);
    client.receives_all((1..=3).map(publication).collect());
    client.receives(rewound(position(1)));
    client.loses_the_socket();
    client.comes_back();
    client.says_hello_and(&[(NEWS, &[position(1), position(0)])]);
    let request = client.asked_for(NEWS);
    client.receives(welcome());
    client.forgets();
    client.receives(resumed(request.id, NEWS, position(1), vec![entry(2), entry(3), entry(4)], 4));
    assert_eq!(client.shown(1), [4]);
}

#[test]
fn an_application_may_bring_a_position_from_earlier() {
    let mut client = Script::live();
    client.subscribes_with(1, NEWS, 10, Some(position(5)));
    let request = client.asked_for(NEWS);
    assert_eq!((request.since, request.last), (vec![position(5)], 0));
    client.receives(resumed(request.id, NEWS, position(5), vec![entry(6)], 6));
    assert_eq!(client.shown(1), [6]);
}
