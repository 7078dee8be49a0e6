//! Any frame there can be.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidewire_protocol::{
    Alias, Behind, ChannelName, ClientFrame, Coalesce, Ephemeral, GoingAway, Hello, History, HistoryPage,
    Joined, Left, Limits, Member, Occupancy, Payload, Ping, Pong, Position, Presence, PresenceList,
    Publication, PublicationId, Publish, Published, PublisherId, Refresh, Refreshed, RefusalCode, Refused,
    RequestId, Reset, ResetReason, Rewound, ServerFrame, Subscribe, Subscribed, Tag, Unsubscribe,
    UnsubscribeCode, Unsubscribed, Welcome,
};

pub(crate) fn channel() -> impl Strategy<Value = ChannelName> {
    r"[a-z0-9_-]{1,64}:[A-Za-z0-9_.~:/@!$&'()+,;=%-]{1,135}".prop_map(|name| name.parse().unwrap())
}

pub(crate) fn position() -> impl Strategy<Value = Position> {
    any::<(u64, u32)>().prop_map(|(offset, tag)| Position { offset, tag: Tag(tag) })
}

pub(crate) fn publisher() -> impl Strategy<Value = PublisherId> {
    any::<u64>().prop_map(PublisherId)
}

/// One JSON value, as a sender may spell it.
fn json_text() -> impl Strategy<Value = String> {
    let spelled = prop_oneof![
        Just("null".to_owned()),
        Just("-0.0e+400".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        Just("\"\\ud800 \\u0000 \\n\"".to_owned()),
        Just("{\"b\":1,\"a\":2,\"b\":3}".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    spelled.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|values| format!("[{}]", values.join(" ,\t"))),
            vec((any::<String>(), inner), 0..6).prop_map(|fields| {
                let field =
                    |(key, value)| format!("{} : {value}", serde_json::to_string::<String>(&key).unwrap());
                format!("{{{}}}", fields.into_iter().map(field).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

pub(crate) fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        json_text().prop_map(|text| Payload::Json(text.into())),
        vec(any::<u8>(), 0..300).prop_map(|bytes| Payload::Binary(bytes.into())),
    ]
}

fn publication() -> impl Strategy<Value = Publication> {
    (position(), any::<u32>(), payload(), text_or_none(), any::<u64>()).prop_map(
        |(position, id, payload, user, missing)| Publication {
            position,
            id: PublicationId(id),
            payload,
            user,
            missing,
        },
    )
}

fn text_or_none() -> impl Strategy<Value = Option<String>> {
    option::of(any::<String>())
}

fn request() -> impl Strategy<Value = RequestId> {
    any::<u32>().prop_map(RequestId)
}

fn alias() -> impl Strategy<Value = Alias> {
    any::<u32>().prop_map(Alias)
}

fn reset_reason() -> impl Strategy<Value = ResetReason> {
    proptest::sample::select(ResetReason::ALL)
}

fn member() -> impl Strategy<Value = Member> {
    (any::<String>(), text_or_none(), text_or_none()).prop_map(|(user, info, connection)| Member {
        user,
        info,
        connection,
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    any::<[u32; 5]>().prop_map(|[message_bytes, frames_per_message, subscriptions, settle_ms, dedup_ms]| {
        Limits { message_bytes, frames_per_message, subscriptions, settle_ms, dedup_ms }
    })
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(any::<String>(), 0..4)
}

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        (any::<String>(), text_or_none(), option::of(publisher()), texts()).prop_map(
            |(sdk, token, publisher, features)| ClientFrame::Hello(Hello { sdk, token, publisher, features })
        ),
        (request(), channel(), vec(position(), 0..17), any::<u64>()).prop_map(
            |(id, channel, since, last)| ClientFrame::Subscribe(Subscribe { id, channel, since, last })
        ),
        (request(), channel())
            .prop_map(|(id, channel)| ClientFrame::Unsubscribe(Unsubscribe { id, channel })),
        (request(), channel(), any::<u64>(), payload(), any::<bool>(), option::of(publisher())).prop_map(
            |(id, channel, seq, payload, force, publisher)| {
                ClientFrame::Publish(Publish { id, channel, seq, payload, force, publisher })
            }
        ),
        (request(), channel(), option::of(position()), any::<u64>()).prop_map(
            |(id, channel, since, limit)| ClientFrame::History(History { id, channel, since, limit })
        ),
        (request(), channel(), text_or_none(), any::<u64>(), any::<bool>()).prop_map(
            |(id, channel, after, limit, watch)| {
                ClientFrame::Presence(Presence { id, channel, after, limit, watch })
            }
        ),
        (request(), any::<String>()).prop_map(|(id, token)| ClientFrame::Refresh(Refresh { id, token })),
        Just(ClientFrame::Ping(Ping {})),
        Just(ClientFrame::Pong(Pong {})),
        any::<u32>().prop_map(|every_ms| ClientFrame::Coalesce(Coalesce { every_ms })),
    ]
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![opening_frame(), publication_frame(), answer_frame(), news_frame()]
}

fn opening_frame() -> impl Strategy<Value = ServerFrame> {
    let welcome = (
        any::<[String; 2]>(),
        any::<[u32; 2]>(),
        limits(),
        text_or_none(),
        any::<Option<u64>>(),
        texts(),
        texts(),
    );
    let subscribed = (
        request(),
        channel(),
        alias(),
        position(),
        option::of(position()),
        vec(publication(), 0..4),
        option::of(reset_reason()),
    );
    prop_oneof![
        welcome.prop_map(|(names, times, limits, user, token_expires_in_ms, ephemeral, features)| {
            let ([connection, node], [heartbeat_ms, reconnect_spread_ms]) = (names, times);
            ServerFrame::Welcome(Welcome {
                connection,
                node,
                heartbeat_ms,
                reconnect_spread_ms,
                limits,
                user,
                token_expires_in_ms,
                ephemeral,
                features,
            })
        }),
        subscribed.prop_map(|(id, channel, alias, position, from, replay, reset)| {
            ServerFrame::Subscribed(Subscribed { id, channel, alias, position, from, replay, reset })
        }),
    ]
}

fn publication_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        (publication(), alias())
            .prop_map(|(publication, alias)| ServerFrame::Publication(publication.delivered_as(alias))),
        (alias(), payload(), text_or_none())
            .prop_map(|(alias, payload, user)| ServerFrame::Ephemeral(Ephemeral { alias, payload, user })),
    ]
}

fn answer_frame() -> impl Strategy<Value = ServerFrame> {
    let page = (request(), position(), vec(publication(), 0..4), option::of(reset_reason()), any::<bool>());
    prop_oneof![
        (request(), option::of(position()))
            .prop_map(|(id, position)| ServerFrame::Published(Published { id, position })),
        (request(), any::<u64>()).prop_map(|(id, last)| ServerFrame::Behind(Behind { id, last })),
        (request(), proptest::sample::select(RefusalCode::ALL), any::<String>())
            .prop_map(|(id, code, reason)| ServerFrame::Refused(Refused { id, code, reason })),
        page.prop_map(|(id, position, publications, reset, more)| {
            ServerFrame::History(HistoryPage { id, position, publications, reset, more })
        }),
        (request(), vec(member(), 0..4), any::<[u64; 2]>(), text_or_none()).prop_map(
            |(id, members, [connections, users], next)| {
                ServerFrame::Presence(PresenceList { id, members, connections, users, next })
            }
        ),
        (request(), any::<Option<u64>>()).prop_map(|(id, token_expires_in_ms)| {
            ServerFrame::Refreshed(Refreshed { id, token_expires_in_ms })
        }),
    ]
}

fn news_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        (alias(), proptest::sample::select(UnsubscribeCode::ALL), option::of(request()))
            .prop_map(|(alias, code, id)| ServerFrame::Unsubscribed(Unsubscribed { alias, code, id })),
        (alias(), position()).prop_map(|(alias, position)| ServerFrame::Rewound(Rewound { alias, position })),
        (alias(), position(), reset_reason())
            .prop_map(|(alias, position, reason)| ServerFrame::Reset(Reset { alias, position, reason })),
        (alias(), member(), vec(member(), 0..4), any::<[u64; 2]>()).prop_map(
            |(alias, member, others, [connections, users])| {
                ServerFrame::Joined(Joined { alias, member, others, connections, users })
            }
        ),
        (alias(), member(), vec(member(), 0..4), any::<[u64; 2]>()).prop_map(
            |(alias, member, others, [connections, users])| {
                ServerFrame::Left(Left { alias, member, others, connections, users })
            }
        ),
        (alias(), any::<[u64; 2]>(), any::<Option<u64>>()).prop_map(
            |(alias, [connections, users], again_within_ms)| {
                ServerFrame::Occupancy(Occupancy { alias, connections, users, again_within_ms })
            }
        ),
        any::<[u32; 2]>().prop_map(|[within_ms, spread_ms]| {
            ServerFrame::GoingAway(GoingAway { within_ms, spread_ms })
        }),
        Just(ServerFrame::Ping(Ping {})),
        Just(ServerFrame::Pong(Pong {})),
    ]
}
