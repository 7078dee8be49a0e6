use tidewire_backbone::{Answer, Entry, Retention};
use tidewire_protocol::{ChannelName, Position, Publication, RefusalCode, ResetReason};

use crate::Refusal;
use crate::node::Inner;

/// A part of a channel's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The channel's newest position.
    pub position: Position,
    /// The publications, oldest first.
    pub publications: Vec<Publication>,
    /// The position asked for is not in the log: the page begins with the oldest that it has.
    pub reset: Option<ResetReason>,
    /// There is more after the last of `publications`.
    pub more: bool,
}

/// Reads what follows `since`, or else the newest; at most `limit` publications, 0 for a full page.
pub(crate) async fn read(
    node: &Inner,
    channel: &ChannelName,
    since: Option<Position>,
    limit: u64,
) -> Result<Page, Refusal> {
    if node.namespace(channel)?.retention == Retention::None {
        return Err(Refusal::new(RefusalCode::NotRetained, "the namespace keeps no log"));
    }
    let most = node.settings.limits.history_page;
    let limit = usize::try_from(limit).unwrap_or(most).min(most);
    let limit = if limit == 0 { most } else { limit };
    let log = |after| node.in_time(node.scope.read(channel, after, limit));
    let Some(since) = since else {
        let tip = node.in_time(node.scope.read(channel, u64::MAX, 0)).await?.tip;
        let mut newest = log(tip.offset.saturating_sub(limit as u64)).await?;
        let entries = newest.run.entries.make_contiguous();
        let fitting = fitting(entries.iter().rev(), node.settings.limits.replay_bytes).count();
        let publications = entries[entries.len() - fitting..].iter().map(publication).collect();
        return Ok(Page {
            position: newest.tip,
            publications,
            reset: None,
            more: newest.run.tip() != newest.tip,
        });
    };
    let since = node.scope.switches.position(since);
    let mut answer = log(since.offset).await?;
    let reset = why_gone(since, &answer);
    if reset.is_some() && answer.run.base.offset != 0 {
        answer = log(0).await?;
    }
    let entries = fitting(answer.run.entries.iter(), node.settings.limits.replay_bytes);
    let publications: Vec<_> = entries.map(publication).collect();
    let last = publications.last().map_or(answer.run.tip(), |last| last.position);
    Ok(Page { position: answer.tip, publications, reset, more: last != answer.tip })
}

/// Why a read after `position` did not find it; `None` where it did.
pub(crate) fn why_gone(position: Position, answer: &Answer) -> Option<ResetReason> {
    let base = answer.run.base;
    match position.offset {
        _ if base == position => None,
        offset if offset < base.offset => Some(ResetReason::Trimmed),
        offset if offset > answer.tip.offset => Some(ResetReason::RolledBack),
        // Another beginning makes another log; elsewhere the histories parted after some common entry.
        0 => Some(ResetReason::Replaced),
        _ => Some(ResetReason::RolledBack),
    }
}

/// A log's entry as subscribers get it.
pub(crate) fn publication(entry: &Entry) -> Publication {
    Publication {
        position: entry.position,
        id: entry.id(),
        payload: entry.payload.clone(),
        user: entry.user.clone(),
        missing: entry.missing,
    }
}

/// The first entries that have at most so many bytes together; at least one.
pub(crate) fn fitting<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    bytes: usize,
) -> impl Iterator<Item = &'a Entry> {
    let mut size = 0;
    entries
        .enumerate()
        .take_while(move |(index, entry)| {
            size += entry.weight() + FRAME_OVERHEAD;
            *index == 0 || size <= bytes
        })
        .map(|(_, entry)| entry)
}

/// About what position, id and field names add to a payload.
const FRAME_OVERHEAD: usize = 64;
