//! The frames of the golden files. A sample with the bare name of its kind has every field that the kind began with;
//! a kind that has grown since has a sample `KIND-grown` with every field.

use tidewire_protocol::{
    Alias, Behind, ChannelName, ClientFrame, Coalesce, Ephemeral, GoingAway, Hello, History, HistoryPage,
    Joined, Left, Limits, Member, Occupancy, Payload, Ping, Pong, Position, Presence, PresenceList,
    Publication, PublicationId, Publish, Published, PublisherId, Refresh, Refreshed, RefusalCode, Refused,
    RequestId, Reset, ResetReason, Rewound, ServerFrame, Subscribe, Subscribed, Tag, Unsubscribe,
    UnsubscribeCode, Unsubscribed, Welcome,
};

/// The publisher of every sample.
pub(crate) const PUBLISHER: PublisherId = PublisherId(0x0123_4567_89ab_cdef);

/// The log of every sample begins here.
pub(crate) const BASE: Position = Position { offset: 0, tag: Tag(0x9f3a_01bc) };

/// The position of the publisher's publication `seq`, where the log has nothing but its publications.
pub(crate) fn position(seq: u64) -> Position {
    (1..=seq).fold(BASE, |before, seq| before.then(PublicationId::of(PUBLISHER, seq)))
}

pub(crate) fn channel() -> ChannelName {
    "chat:lobby".parse().unwrap()
}

fn json(text: &'static str) -> Payload {
    Payload::Json(text.into())
}

fn binary(bytes: &'static [u8]) -> Payload {
    Payload::Binary(bytes.into())
}

fn publication(seq: u64, payload: Payload) -> Publication {
    let id = PublicationId::of(PUBLISHER, seq);
    Publication { position: position(seq), id, payload, user: None, missing: 0 }
}

fn full_publication(seq: u64) -> Publication {
    Publication { user: Some("ada".into()), missing: 2, ..publication(seq, json(r#"{"text":"hi"}"#)) }
}

/// What clients say.
pub(crate) fn client() -> Vec<(&'static str, ClientFrame)> {
    let id = RequestId;
    vec![
        (
            "hello",
            ClientFrame::Hello(Hello {
                sdk: "web/0.1".into(),
                token: Some("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln".into()),
                publisher: Some(PUBLISHER),
                features: vec!["presence".into()],
            }),
        ),
        (
            "hello-anonymous",
            ClientFrame::Hello(Hello {
                sdk: "web/0.1".into(),
                token: None,
                publisher: None,
                features: vec![],
            }),
        ),
        (
            "subscribe",
            ClientFrame::Subscribe(Subscribe {
                id: id(1),
                channel: channel(),
                since: vec![position(8), position(7), position(6), position(4)],
                last: 50,
            }),
        ),
        (
            "subscribe-anew",
            ClientFrame::Subscribe(Subscribe { id: id(1), channel: channel(), since: vec![], last: 0 }),
        ),
        ("unsubscribe", ClientFrame::Unsubscribe(Unsubscribe { id: id(2), channel: channel() })),
        (
            "publish",
            ClientFrame::Publish(Publish {
                id: id(3),
                channel: channel(),
                seq: 7,
                payload: json(r#"{"text":"hi"}"#),
                force: true,
                publisher: Some(PublisherId(0xfedc_ba98_7654_3210)),
            }),
        ),
        (
            "publish-bytes",
            ClientFrame::Publish(Publish {
                id: id(3),
                channel: channel(),
                seq: 7,
                payload: binary(&[0, 1, 254, 255]),
                force: false,
                publisher: None,
            }),
        ),
        (
            "publish-ephemeral",
            ClientFrame::Publish(Publish {
                id: id(4),
                channel: "typing:lobby".parse().unwrap(),
                seq: 0,
                payload: json("true"),
                force: false,
                publisher: None,
            }),
        ),
        (
            "history",
            ClientFrame::History(History {
                id: id(5),
                channel: channel(),
                since: Some(position(2)),
                limit: 50,
            }),
        ),
        (
            "history-newest",
            ClientFrame::History(History { id: id(5), channel: channel(), since: None, limit: 0 }),
        ),
        (
            "presence",
            ClientFrame::Presence(Presence {
                id: id(6),
                channel: channel(),
                after: None,
                limit: 0,
                watch: false,
            }),
        ),
        (
            "presence-grown",
            ClientFrame::Presence(Presence {
                id: id(6),
                channel: channel(),
                after: Some("9f3a01bc5f1d03c2-17".into()),
                limit: 100,
                watch: true,
            }),
        ),
        (
            "presence-watch",
            ClientFrame::Presence(Presence {
                id: id(6),
                channel: channel(),
                after: None,
                limit: 0,
                watch: true,
            }),
        ),
        (
            "refresh",
            ClientFrame::Refresh(Refresh { id: id(7), token: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln".into() }),
        ),
        ("ping", ClientFrame::Ping(Ping {})),
        ("pong", ClientFrame::Pong(Pong {})),
        ("coalesce", ClientFrame::Coalesce(Coalesce { every_ms: 16 })),
        ("coalesce-not", ClientFrame::Coalesce(Coalesce { every_ms: 0 })),
    ]
}

/// What servers say.
pub(crate) fn server() -> Vec<(&'static str, ServerFrame)> {
    let (id, alias) = (RequestId, Alias(12));
    let member = |name: &str| Member {
        user: name.into(),
        info: Some(r#"{"colour":"blue"}"#.into()),
        connection: None,
    };
    let there = |name: &str, number: u32| Member {
        connection: Some(format!("9f3a01bc5f1d03c2-{number}")),
        ..member(name)
    };
    let limits = Limits {
        message_bytes: 65_536,
        frames_per_message: 512,
        subscriptions: 256,
        settle_ms: 60_000,
        dedup_ms: 600_000,
    };
    let subscribed = |from, replay, reset| {
        ServerFrame::Subscribed(Subscribed {
            id: id(1),
            channel: channel(),
            alias,
            position: position(9),
            from,
            replay,
            reset,
        })
    };
    vec![
        (
            "welcome",
            ServerFrame::Welcome(Welcome {
                connection: "c-5f1d".into(),
                node: "n-a7".into(),
                heartbeat_ms: 25_000,
                reconnect_spread_ms: 1_000,
                limits,
                user: Some("ada".into()),
                token_expires_in_ms: Some(3_600_000),
                ephemeral: vec!["typing".into()],
                features: vec!["presence".into()],
            }),
        ),
        (
            "welcome-anonymous",
            ServerFrame::Welcome(Welcome {
                connection: "c-5f1d".into(),
                node: "n-a7".into(),
                heartbeat_ms: 25_000,
                reconnect_spread_ms: 1_000,
                limits,
                user: None,
                token_expires_in_ms: None,
                ephemeral: vec![],
                features: vec![],
            }),
        ),
        // Never sent with all fields at once: `from` and `reset` exclude each other.
        (
            "subscribed",
            subscribed(Some(position(7)), vec![publication(8, json("8"))], Some(ResetReason::Trimmed)),
        ),
        ("subscribed-anew", subscribed(Some(position(9)), vec![], None)),
        (
            "subscribed-replay",
            subscribed(Some(position(7)), vec![publication(8, binary(&[8])), full_publication(9)], None),
        ),
        ("subscribed-reset", subscribed(None, vec![], Some(ResetReason::RolledBack))),
        ("publication", ServerFrame::Publication(full_publication(10).delivered_as(alias))),
        (
            "publication-bytes",
            ServerFrame::Publication(publication(10, binary(&[0, 1, 254, 255])).delivered_as(alias)),
        ),
        ("published", ServerFrame::Published(Published { id: id(3), position: Some(position(10)) })),
        ("published-ephemeral", ServerFrame::Published(Published { id: id(4), position: None })),
        ("behind", ServerFrame::Behind(Behind { id: id(3), last: 4 })),
        ("behind-unknown", ServerFrame::Behind(Behind { id: id(3), last: 0 })),
        (
            "refused",
            ServerFrame::Refused(Refused {
                id: id(3),
                code: RefusalCode::Forbidden,
                reason: "ada may not publish in chat:lobby".into(),
            }),
        ),
        (
            "unsubscribed",
            ServerFrame::Unsubscribed(Unsubscribed {
                alias,
                code: UnsubscribeCode::Requested,
                id: Some(id(2)),
            }),
        ),
        (
            "unsubscribed-by-server",
            ServerFrame::Unsubscribed(Unsubscribed { alias, code: UnsubscribeCode::Forbidden, id: None }),
        ),
        ("rewound", ServerFrame::Rewound(Rewound { alias, position: position(6) })),
        ("reset", ServerFrame::Reset(Reset { alias, position: position(9), reason: ResetReason::Replaced })),
        (
            "ephemeral",
            ServerFrame::Ephemeral(Ephemeral { alias, payload: json("true"), user: Some("ada".into()) }),
        ),
        (
            "ephemeral-anonymous",
            ServerFrame::Ephemeral(Ephemeral { alias, payload: json("true"), user: None }),
        ),
        (
            "history",
            ServerFrame::History(HistoryPage {
                id: id(5),
                position: position(9),
                publications: vec![publication(3, json("3")), publication(4, json("4"))],
                reset: Some(ResetReason::Trimmed),
                more: true,
            }),
        ),
        (
            "history-empty",
            ServerFrame::History(HistoryPage {
                id: id(5),
                position: position(9),
                publications: vec![],
                reset: None,
                more: false,
            }),
        ),
        (
            "presence",
            ServerFrame::Presence(PresenceList {
                id: id(6),
                members: vec![member("ada"), Member { user: "c-5f1d".into(), info: None, connection: None }],
                connections: 0,
                users: 0,
                next: None,
            }),
        ),
        (
            "presence-grown",
            ServerFrame::Presence(PresenceList {
                id: id(6),
                members: vec![there("ada", 16), there("ada", 17)],
                connections: 3,
                users: 2,
                next: Some("9f3a01bc5f1d03c2-17".into()),
            }),
        ),
        (
            "presence-nobody",
            ServerFrame::Presence(PresenceList {
                id: id(6),
                members: vec![],
                connections: 0,
                users: 0,
                next: None,
            }),
        ),
        (
            "joined",
            ServerFrame::Joined(Joined {
                alias,
                member: member("ada"),
                others: vec![],
                connections: 0,
                users: 0,
            }),
        ),
        (
            "joined-grown",
            ServerFrame::Joined(Joined {
                alias,
                member: there("ada", 17),
                others: vec![there("bob", 18)],
                connections: 3,
                users: 2,
            }),
        ),
        (
            "left",
            ServerFrame::Left(Left {
                alias,
                member: member("ada"),
                others: vec![],
                connections: 0,
                users: 0,
            }),
        ),
        (
            "left-grown",
            ServerFrame::Left(Left {
                alias,
                member: there("ada", 17),
                others: vec![there("bob", 18)],
                connections: 1,
                users: 1,
            }),
        ),
        (
            "occupancy",
            ServerFrame::Occupancy(Occupancy {
                alias,
                connections: 5000,
                users: 4800,
                again_within_ms: Some(1000),
            }),
        ),
        (
            "occupancy-only",
            ServerFrame::Occupancy(Occupancy {
                alias,
                connections: 5000,
                users: 4800,
                again_within_ms: None,
            }),
        ),
        ("refreshed", ServerFrame::Refreshed(Refreshed { id: id(7), token_expires_in_ms: Some(3_600_000) })),
        ("refreshed-for-ever", ServerFrame::Refreshed(Refreshed { id: id(7), token_expires_in_ms: None })),
        ("going_away", ServerFrame::GoingAway(GoingAway { within_ms: 15_000, spread_ms: 10_000 })),
        ("ping", ServerFrame::Ping(Ping {})),
        ("pong", ServerFrame::Pong(Pong {})),
    ]
}
