use serde::Serialize;
use tidewire_backbone::Attendee;
use tidewire_protocol::{ChannelName, Member, RefusalCode};

use super::reporting::expel_ended;
use crate::Refusal;
use crate::node::Inner;

/// A part of those who are in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PresencePage {
    /// They, in the order of their connections' names.
    pub members: Vec<Member>,
    /// How many connections there are, on all pages.
    pub connections: u64,
    /// How many users these are; each anonymous connection counts as one.
    pub users: u64,
    /// There are more: they follow this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Reads who follows `after`, or else the first; at most `limit` members, 0 for a full page.
pub(crate) async fn read(
    node: &Inner,
    channel: &ChannelName,
    after: Option<&str>,
    limit: u64,
) -> Result<PresencePage, Refusal> {
    let untold =
        || Refusal::new(RefusalCode::NotSupported, "the namespace does not tell who is in a channel");
    if !node.namespace(channel)?.presence {
        return Err(untold());
    }
    let store = node.scope.backbone.presence().ok_or_else(untold)?;
    if after.is_some_and(|after| after.len() > MOST_NAME) {
        return Err(Refusal::new(RefusalCode::Malformed, "`after` is no `next` of a page"));
    }
    let most = node.settings.limits.presence_page;
    let limit = usize::try_from(limit).unwrap_or(most).min(most);
    let limit = if limit == 0 { most } else { limit };
    let mut present = node.in_time(store.present(channel, after, limit)).await?;
    // The members of nodes that have ended do not count, also where nobody has removed them yet.
    for _ in 0..TRIES {
        if !expel_ended(&node.scope, channel, &present.crowd).await {
            break;
        }
        present = node.in_time(store.present(channel, after, limit)).await?;
    }
    let fitting = fitting(&present.attendees, node.settings.limits.replay_bytes);
    let more = present.more || fitting < present.attendees.len();
    present.attendees.truncate(fitting);
    Ok(PresencePage {
        next: present.attendees.last().filter(|_| more).map(|last| last.connection.clone()),
        members: present.attendees.into_iter().map(member).collect(),
        connections: present.crowd.counts.connections,
        users: present.crowd.counts.users,
    })
}

/// Somebody as clients get to know them.
pub(crate) fn member(attendee: Attendee) -> Member {
    let Attendee { connection, user, info } = attendee;
    Member { user: user.unwrap_or_else(|| connection.clone()), info, connection: Some(connection) }
}

/// How many of the first have at most so many bytes together; at least one.
fn fitting(attendees: &[Attendee], bytes: usize) -> usize {
    let mut size = 0;
    let fits = |attendee: &&Attendee| {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size += attendee.connection.len() + length(&attendee.user) + length(&attendee.info) + MEMBER_OVERHEAD;
        size <= bytes
    };
    attendees.iter().take_while(fits).count().max(1).min(attendees.len())
}

/// About what field names add to a member.
const MEMBER_OVERHEAD: usize = 32;
/// Longer than any connection's name.
const MOST_NAME: usize = 64;
/// Reads for one answer, while nodes end.
const TRIES: usize = 3;
