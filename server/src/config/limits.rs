//! `[limits]`.

use std::time::Duration;

use super::section::Section;
use crate::Limits;

pub(super) fn limits(section: &mut Section<'_, '_>) -> Limits {
    let default = Limits::default();
    Limits {
        message_bytes: size(section, "message_bytes", default.message_bytes, 256),
        fragments: number(section, "fragments", default.fragments),
        message_within: duration(section, "message_within", default.message_within),
        frames_per_message: count(section, "frames_per_message", default.frames_per_message),
        frames_per_second: number(section, "frames_per_second", default.frames_per_second),
        bytes_per_second: section
            .size("bytes_per_second", 1024..=u64::from(u32::MAX))
            .and_then(|bytes| u32::try_from(bytes).ok())
            .unwrap_or(default.bytes_per_second),
        burst_seconds: number(section, "burst_seconds", default.burst_seconds),
        subscriptions: count(section, "subscriptions", default.subscriptions),
        requests_in_flight: count(section, "requests_in_flight", default.requests_in_flight),
        http_connections: count(section, "http_connections", default.http_connections),
        connections: count(section, "connections", default.connections),
        connections_per_user: count(section, "connections_per_user", default.connections_per_user),
        connections_per_address: count(section, "connections_per_address", default.connections_per_address),
        connections_per_socket: count(section, "connections_per_socket", default.connections_per_socket),
        hello_within: duration(section, "hello_within", default.hello_within),
        headers_within: duration(section, "headers_within", default.headers_within),
        outbox_bytes: size(section, "outbox_bytes", default.outbox_bytes, 1024),
        poll_wait: duration(section, "poll_wait", default.poll_wait),
        forwards: count(section, "forwards", default.forwards),
        replay_bytes: size(section, "replay_bytes", default.replay_bytes, 1024),
        history_page: count(section, "history_page", default.history_page),
        presence_page: count(section, "presence_page", default.presence_page),
        presence_told: count(section, "presence_told", default.presence_told),
        presence_changes: count(section, "presence_changes", default.presence_changes),
        info_bytes: size(section, "info_bytes", default.info_bytes, 0),
        ring_bytes: size(section, "ring_bytes", default.ring_bytes, 0),
        settle_entries: count(section, "settle_entries", default.settle_entries),
        settle_bytes: size(section, "settle_bytes", default.settle_bytes, 1024),
        arrivals_in_doubt: count(section, "arrivals_in_doubt", default.arrivals_in_doubt),
    }
}

fn number(section: &mut Section<'_, '_>, key: &'static str, default: u32) -> u32 {
    section
        .number(key, 1..=u64::from(u32::MAX))
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(default)
}

fn count(section: &mut Section<'_, '_>, key: &'static str, default: usize) -> usize {
    section
        .number(key, 1..=u64::from(u32::MAX))
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(default)
}

fn size(section: &mut Section<'_, '_>, key: &'static str, default: usize, least: u64) -> usize {
    section
        .size(key, least..=u64::from(u32::MAX))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(default)
}

fn duration(section: &mut Section<'_, '_>, key: &'static str, default: Duration) -> Duration {
    section.duration(key, Duration::from_millis(1)..=Duration::from_secs(3600)).unwrap_or(default)
}
