//! Tags stand for whole histories; ids are the same wherever they are computed.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire_protocol::{Position, PublicationId, PublisherId, Tag};

use crate::any;
use crate::samples::{BASE, PUBLISHER};

/// The tip of a log that begins at `base` and took these.
fn tip(base: Position, ids: &[u32]) -> Position {
    ids.iter().fold(base, |tip, &id| tip.then(PublicationId(id)))
}

#[test]
fn a_tag_is_sha_1_of_the_texts_before_it() {
    // printf 9f3a01bc00000001 | sha1sum
    assert_eq!(Tag(0x9f3a_01bc).then(PublicationId(1)), Tag(0x7126_f65e));
    // printf 0000000000000000 | sha1sum
    assert_eq!(Tag(0).then(PublicationId(0)), Tag(0xb021_3208));
}

#[test]
fn an_id_is_the_upper_half_of_splitmix64() {
    // SplitMix64 of seed 0, steps 1 to 3: e220a8397b1dcdaf 6e789e6aa1b965f4 06c45d188009454f.
    for (seq, id) in [(1, 0xe220_a839), (2, 0x6e78_9e6a), (3, 0x06c4_5d18)] {
        assert_eq!(PublicationId::of(PublisherId(0), seq), PublicationId(id));
    }
}

#[test]
fn ids_of_one_publisher_do_not_collide_soon() {
    let ids: HashSet<_> = (1..=1_000).map(|seq| PublicationId::of(PUBLISHER, seq)).collect();
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn a_position_has_one_spelling() {
    for text in [
        "",
        "-",
        "1",
        "1-",
        "-9f3a01bc",
        "01-9f3a01bc",
        "+1-9f3a01bc",
        "1-9F3A01BC",
        "1-9f3a01b",
        "1-9f3a01bc0",
    ] {
        assert!(text.parse::<Position>().is_err(), "{text}");
    }
    for text in ["18446744073709551616-9f3a01bc", "1 -9f3a01bc", "1-9f3a01bc-9f3a01bc", "١-9f3a01bc"] {
        assert!(text.parse::<Position>().is_err(), "{text}");
    }
    assert_eq!("0-9f3a01bc".parse(), Ok(BASE));
    assert_eq!(Position { offset: u64::MAX, tag: Tag(0xa) }.to_string(), "18446744073709551615-0000000a");
}

#[test]
fn the_last_offset_has_no_successor_and_does_not_panic() {
    let last = Position { offset: u64::MAX, tag: Tag(0) };
    assert_eq!(last.then(PublicationId(0)).offset, u64::MAX);
}

proptest! {
    #[test]
    fn a_position_parses_back(position in any::position()) {
        prop_assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn offsets_in_a_log_are_dense(ids in vec(any::<u32>(), 0..40)) {
        prop_assert_eq!(tip(BASE, &ids).offset, ids.len() as u64);
    }

    #[test]
    fn logs_that_differ_anywhere_disagree_on_every_later_position(
        ids in vec(any::<u32>(), 1..40),
        at in any::<prop::sample::Index>(),
        other in any::<u32>(),
    ) {
        let at = at.index(ids.len());
        let mut branch = ids.clone();
        branch[at] = other;
        prop_assume!(ids != branch);
        for length in 0..=ids.len() {
            let agree = tip(BASE, &ids[..length]) == tip(BASE, &branch[..length]);
            prop_assert_eq!(agree, length <= at);
        }
    }
}
