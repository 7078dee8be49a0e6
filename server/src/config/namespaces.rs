//! `[namespaces.NAME]`.

use std::time::Duration;

use tidewire_backbone::Retention;
use tidewire_protocol::ChannelName;

use super::reader::Found;
use super::section::Section;
use super::sources::Sources;
use crate::codegen::Pattern;
use crate::{Access, Acks, NamespaceSettings, PayloadSchema, Settings};

const ACCESS: [(&str, Access); 3] =
    [("granted", Access::Granted), ("users", Access::Users), ("anyone", Access::Anyone)];

const ACKS: [(&str, Acks); 2] = [("primary", Acks::Primary), ("replica", Acks::Replica)];

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

pub(super) fn namespace(
    name: &Found<&str>,
    section: &mut Section<'_, '_>,
    settings: &Settings,
    sources: &Sources<'_>,
) -> Option<(String, NamespaceSettings)> {
    if format!("{}:x", name.value).parse::<ChannelName>().is_err() {
        let message = format!("{:?} is no namespace", name.value);
        section.reader().wrong(name.span.clone(), message, "it has 1 to 64 of a-z 0-9 - _");
    }
    let default = NamespaceSettings::default();
    let payload_limit = settings.limits.message_bytes as u64;
    // A publisher that is idle for half of it takes a new identity; what it sent must be settled by then.
    let retention = retention(section, default.retention, (settings.settle * 2).max(SHORTEST));
    let acks = section.choice("acks", &ACKS).unwrap_or(default.acks);
    if (retention, acks) == (Retention::None, Acks::Replica) {
        let message = "a namespace without a log has nothing that a replica could keep".to_owned();
        section.reader().wrong(
            section.span_of("acks"),
            message,
            "leave `acks` out, or `retention = \"none\"`",
        );
    }
    let settings = NamespaceSettings {
        retention,
        acks,
        payload_bytes: section
            .size("payload_bytes", 1..=payload_limit)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(default.payload_bytes),
        schema: schema(section, sources),
        pattern: section.parsed(
            "pattern",
            |pattern| Pattern::new(name.value, pattern).map(|pattern| pattern.to_string()),
            &format!("\"{}:{{id}}\"", name.value),
        ),
        presence: section.flag("presence").unwrap_or(default.presence),
        subscribe: section.choice("subscribe", &ACCESS).unwrap_or(default.subscribe),
        publish: section.choice("publish", &ACCESS).unwrap_or(default.publish),
    };
    Some((name.value.to_owned(), settings))
}

/// The JSON Schema in the file that `schema` names.
fn schema(section: &mut Section<'_, '_>, sources: &Sources<'_>) -> Option<PayloadSchema> {
    let file = sources.file(section, "schema")?;
    match PayloadSchema::parse(file.value.reveal()) {
        Ok(schema) => Some(schema),
        Err(error) => {
            let advice = "the file holds one JSON Schema, draft 2020-12 where it names no other";
            section.reader().wrong(file.span, error.to_string(), advice);
            None
        }
    }
}

fn retention(section: &mut Section<'_, '_>, default: Retention, shortest_dedup: Duration) -> Retention {
    let log = match default {
        Retention::None => Retention::DEFAULT,
        Retention::Log { .. } => default,
    };
    let read = section.word_or_section(
        "retention",
        ("none", Retention::None),
        "{ entries = 256, bytes = \"8MiB\", age = \"5m\" }",
        |table| {
            let Retention::Log { entries, bytes, age, dedup } = log else { return log };
            let asked =
                table.number("entries", 1..=1_000_000).and_then(|entries| u32::try_from(entries).ok());
            Retention::Log {
                entries: asked.unwrap_or(entries),
                bytes: table.size("bytes", 1024..=u64::MAX).unwrap_or(bytes),
                age: table.duration("age", SHORTEST..=LONGEST).unwrap_or(age),
                dedup,
            }
        },
    );
    let idle = section.duration("dedup", shortest_dedup..=LONGEST);
    match (read.unwrap_or(default), idle) {
        (Retention::Log { entries, bytes, age, dedup }, idle) => {
            Retention::Log { entries, bytes, age, dedup: idle.unwrap_or(dedup) }
        }
        (Retention::None, _) => Retention::None,
    }
}
