use tidewire_protocol::codec::binary;
use tidewire_protocol::{
    Advice, ChannelName, ClientFrame, Member, Payload, Position, PresenceList, Publication,
};
use tidewire_session::{
    Event, Gap, LinkId, PresenceEvent, PresenceId, PublishId, PublishName, Refusal, Status, Timestamp,
    TokenError,
};

use crate::reason::Reason;

/// What is to be done as bytes, for `unpack.ts` of `@tidewire/client`: when to come again, infinite where there is no
/// need to; how long the texts and how long the things are; all texts; and one thing after the other. Each thing is a
/// kind, for most the number of the link, subscription or request, and its fields; numbers little-endian, bytes after
/// their length. Of a text only the length stands there: the page decodes all of them in one go, which for one takes as
/// long as for a hundred. Positions and ids are texts too, as the application sees them: an id has eight characters.
#[derive(Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    texts: Vec<u8>,
    now: Timestamp,
}

/// What stands before the texts.
const HEAD: usize = 16;

impl Packed {
    /// Begins anew, in the memory of what was packed before.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.bytes.clear();
        self.texts.clear();
        self.texts.extend_from_slice(&[0; HEAD]);
        self.now = now;
    }

    /// All of it, with the moment to come again.
    pub(crate) fn until(&mut self, due: Option<Timestamp>) -> &[u8] {
        let due = due.map_or(f64::INFINITY, |due| due.0 as f64);
        let lengths = [self.texts.len() - HEAD, self.bytes.len()].map(|length| (length as u32).to_le_bytes());
        self.texts[..8].copy_from_slice(&due.to_le_bytes());
        self.texts[8..HEAD].copy_from_slice(lengths.as_flattened());
        self.texts.extend_from_slice(&self.bytes);
        &self.texts
    }

    pub(crate) fn fetch_token(&mut self) {
        self.byte(1);
    }

    pub(crate) fn open(&mut self, link: LinkId) {
        self.about(10, link.0);
    }

    pub(crate) fn send(&mut self, link: LinkId, frames: &[ClientFrame]) {
        self.about(11, link.0);
        let mut message = Vec::new();
        for frame in frames {
            binary::encode(frame, &mut message);
        }
        self.slice(&message);
    }

    pub(crate) fn close(&mut self, link: LinkId, code: u16) {
        self.about(12, link.0);
        self.u32(code.into());
    }

    /// The name is sixteen bytes, for [`Told`](crate::told::Told) to read, or none.
    pub(crate) fn store(
        &mut self,
        publish: PublishId,
        channel: &ChannelName,
        payload: &Payload,
        name: Option<PublishName>,
    ) {
        self.about(18, publish.0);
        self.text(channel.as_str());
        self.payload(payload);
        self.count(name.map_or(0, |_| 16));
        if let Some(PublishName { publisher, seq }) = name {
            self.bytes.extend_from_slice(&publisher.0.to_le_bytes());
            self.bytes.extend_from_slice(&seq.to_le_bytes());
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Status(status) => self.status(&status),
            Event::TokenFailed(error) => {
                self.byte(2);
                self.error(&(&error).into(), token_advice(&error));
            }
            Event::Trouble(why) => {
                self.byte(2);
                self.error(&Reason::trouble(&why), Advice::Stop);
            }
            Event::Subscribed { subscription, position, replayed, recovered } => {
                self.about(3, subscription.0);
                self.optional_position(position);
                self.u32(replayed);
                self.byte(u8::from(recovered));
            }
            Event::Publications { subscription, publications, replayed } => {
                self.about(4, subscription.0);
                self.byte(u8::from(replayed));
                self.publications(&publications);
            }
            Event::Ephemeral { subscription, payload, user } => {
                self.about(5, subscription.0);
                self.text(user.as_deref().unwrap_or_default());
                self.payload(&payload);
            }
            Event::Gap { subscription, gap } => {
                self.about(6, subscription.0);
                match gap {
                    Gap::Reset(reason) => {
                        self.u16(reason.number());
                        self.u32(0);
                    }
                    Gap::Missing { count, before: _ } => {
                        self.u16(0);
                        self.count(count);
                    }
                }
            }
            Event::Published { publish, position } => {
                self.about(7, publish.0);
                self.optional_position(position);
            }
            Event::History { history, page } => {
                self.about(8, history.0);
                self.position(page.position);
                self.byte(u8::from(page.more));
                self.u16(page.reset.map_or(0, |reason| reason.number()));
                self.publications(&page.publications);
            }
            Event::Unsubscribed { subscription, code } => {
                self.failed(subscription.0, &code.into(), Advice::Stop);
            }
            Event::PublishInDoubt { publish, why } => self.failed(publish.0, &why.into(), Advice::Stop),
            Event::SubscribeRefused { subscription, refusal } => self.refused(subscription.0, &refusal),
            Event::PublishRefused { publish, refusal } => self.refused(publish.0, &refusal),
            Event::Presence(event) => self.presence(event),
            Event::HistoryRefused { history, refusal } => self.refused(history.0, &refusal),
        }
    }

    fn presence(&mut self, event: PresenceEvent) {
        match event {
            PresenceEvent::Page { presence, page } => {
                let PresenceList { members, connections, users, next, .. } = page;
                self.members(13, presence, &members);
                self.count(connections);
                self.count(users);
                self.text(next.as_deref().unwrap_or_default());
            }
            PresenceEvent::Members { presence, members } => self.members(14, presence, &members),
            PresenceEvent::Joined { presence, members } => self.members(15, presence, &members),
            PresenceEvent::Left { presence, members } => self.members(16, presence, &members),
            PresenceEvent::Counted { presence, connections, users } => {
                self.about(17, presence.0);
                self.count(connections);
                self.count(users);
            }
            PresenceEvent::Refused { presence, refusal } => self.refused(presence.0, &refusal),
        }
    }

    fn members(&mut self, kind: u8, presence: PresenceId, members: &[Member]) {
        self.about(kind, presence.0);
        self.count(members.len() as u64);
        for Member { user, info, connection } in members {
            self.text(user);
            self.text(info.as_deref().unwrap_or_default());
            self.text(connection.as_deref().unwrap_or_default());
        }
    }

    /// That a subscription or request names no channel.
    pub(crate) fn not_understood(&mut self, id: u32) {
        self.failed(id, &Reason::BAD_CHANNEL, Advice::Stop);
    }

    fn refused(&mut self, id: u32, refusal: &Refusal) {
        self.failed(id, &refusal.into(), refusal.advice());
    }

    /// That a subscription or request came to nothing.
    fn failed(&mut self, id: u32, reason: &Reason<'_>, advice: Advice) {
        self.about(9, id);
        self.error(reason, advice);
    }

    fn error(&mut self, reason: &Reason<'_>, advice: Advice) {
        self.byte(match advice {
            Advice::Retry => 1,
            Advice::Stop => 0,
        });
        self.reason(reason);
    }

    fn reason(&mut self, reason: &Reason<'_>) {
        self.u16(reason.number);
        self.u32(reason.detail);
        self.text(reason.said);
    }

    /// The kind, the milliseconds to wait, the reason, and of a live one the names of connection, node and user.
    fn status(&mut self, status: &Status) {
        let (kind, wait, reason) = match status {
            Status::Idle => (0, 0, Reason::NONE),
            Status::Connecting => (1, 0, Reason::NONE),
            Status::Live { .. } => (2, 0, Reason::NONE),
            Status::Waiting { until, why } => (3, until.ms_since(self.now), why.into()),
            Status::Ended { why } => (4, 0, why.into()),
        };
        self.byte(0);
        self.byte(kind);
        self.float(wait);
        self.reason(&reason);
        if let Status::Live { connection, node, user } = status {
            self.text(connection);
            self.text(node);
            self.text(user.as_deref().unwrap_or_default());
        }
    }

    /// The payloads come last, and their texts stand there as one JSON list, for the page to parse all at once. The
    /// list's own characters are in none of their lengths.
    fn publications(&mut self, publications: &[Publication]) {
        self.count(publications.len() as u64);
        for Publication { position, id, user, missing, .. } in publications {
            self.position(*position);
            self.hexadecimal(id.0);
            self.count(*missing);
            self.text(user.as_deref().unwrap_or_default());
        }
        let mut mark = b'[';
        for Publication { payload, .. } in publications {
            self.texts.push(mark);
            self.payload(payload);
            mark = b',';
        }
        self.texts.push(b']');
    }

    fn payload(&mut self, payload: &Payload) {
        match payload {
            Payload::Json(json) => {
                self.byte(0);
                self.text(json);
            }
            Payload::Binary(bytes) => {
                self.byte(1);
                self.slice(bytes);
            }
        }
    }

    /// Empty where there is none.
    fn optional_position(&mut self, position: Option<Position>) {
        match position {
            Some(position) => self.position(position),
            None => self.text(""),
        }
    }

    /// As `Display` writes it, which no page has room for.
    fn position(&mut self, Position { offset, tag }: Position) {
        let begin = self.texts.len();
        let mut digits = [0; 20];
        let (mut at, mut rest) = (digits.len(), offset);
        while at == digits.len() || rest > 0 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.texts.extend_from_slice(&digits[at..]);
        self.texts.push(b'-');
        self.hexadecimal(tag.0);
        self.count((self.texts.len() - begin) as u64);
    }

    fn hexadecimal(&mut self, number: u32) {
        for digit in 1..=8 {
            let digit = (number >> (32 - 4 * digit)) as u8 & 15;
            self.texts.push(digit + if digit < 10 { b'0' } else { b'a' - 10 });
        }
    }

    fn about(&mut self, kind: u8, id: u32) {
        self.byte(kind);
        self.u32(id);
    }

    fn text(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        self.count(text.len() as u64);
        self.texts.extend_from_slice(text);
    }

    fn slice(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// A number that is never near the limit.
    fn count(&mut self, count: u64) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    fn float(&mut self, number: u64) {
        self.bytes.extend_from_slice(&(number as f64).to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn u16(&mut self, number: u16) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }
}

fn token_advice(error: &TokenError) -> Advice {
    match error {
        TokenError::Unavailable(_) => Advice::Retry,
        TokenError::Refused(_) => Advice::Stop,
    }
}
