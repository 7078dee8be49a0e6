use tidewire_protocol::{Advice, Payload, Position, Publication};
use tidewire_session::{Event, Gap, Refusal, Status, Timestamp, TokenError};

/// Events as bytes, for `unpack.ts` of `@tidewire/client`: each a kind, for most the number of the subscription or
/// request, and its fields; numbers little-endian, texts and bytes after their length. Offsets are written as
/// floats, which are exact up to 2^53.
pub(crate) struct Packed {
    bytes: Vec<u8>,
    now: Timestamp,
}

impl Packed {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { bytes: Vec::new(), now }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn fetch_token(&mut self) {
        self.byte(1);
    }

    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Status(status) => self.status(status),
            Event::TokenFailed(error) => {
                self.trouble("token_failed", token_advice(&error), &error.to_string())
            }
            Event::Trouble(why) => self.trouble("trouble", Advice::Stop, &why),
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
                        self.text(reason.word());
                        self.u32(0);
                    }
                    Gap::Missing { count, before: _ } => {
                        self.text("missing");
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
                self.text(page.reset.map_or("", |reason| reason.word()));
                self.publications(&page.publications);
            }
            Event::Unsubscribed { subscription, code } => {
                self.failed(subscription.0, code.word(), Advice::Stop, "the server ended the subscription");
            }
            Event::PublishInDoubt { publish, why } => {
                self.failed(publish.0, "in_doubt", Advice::Stop, &why.to_string());
            }
            Event::SubscribeRefused { subscription, refusal } => self.refused(subscription.0, &refusal),
            Event::PublishRefused { publish, refusal } => self.refused(publish.0, &refusal),
            Event::HistoryRefused { history, refusal } => self.refused(history.0, &refusal),
        }
    }

    /// That a subscription or request came to nothing.
    pub(crate) fn failed(&mut self, id: u32, code: &str, advice: Advice, reason: &str) {
        self.about(9, id);
        self.error(code, advice, reason);
    }

    fn refused(&mut self, id: u32, refusal: &Refusal) {
        self.failed(id, refusal.word(), refusal.advice(), &refusal.to_string());
    }

    fn trouble(&mut self, code: &str, advice: Advice, reason: &str) {
        self.byte(2);
        self.error(code, advice, reason);
    }

    fn error(&mut self, code: &str, advice: Advice, reason: &str) {
        self.text(code);
        self.byte(match advice {
            Advice::Retry => 1,
            Advice::Stop => 0,
        });
        self.text(reason);
    }

    /// The kind, the milliseconds to wait, the reason, and the names of connection, node and user.
    fn status(&mut self, status: Status) {
        let mut wait = 0;
        let mut texts = [String::new(), String::new(), String::new(), String::new()];
        let kind = match status {
            Status::Idle => 0,
            Status::Connecting => 1,
            Status::Live { connection, node, user } => {
                texts = [String::new(), connection, node, user.unwrap_or_default()];
                2
            }
            Status::Waiting { until, why } => {
                wait = until.ms_since(self.now);
                texts[0] = why.to_string();
                3
            }
            Status::Ended { why } => {
                texts[0] = why.to_string();
                4
            }
        };
        self.byte(0);
        self.byte(kind);
        self.float(wait);
        texts.iter().for_each(|text| self.text(text));
    }

    fn publications(&mut self, publications: &[Publication]) {
        self.count(publications.len() as u64);
        for Publication { position, id, payload, user, missing } in publications {
            self.position(*position);
            self.u32(id.0);
            self.count(*missing);
            self.text(user.as_deref().unwrap_or_default());
            self.payload(payload);
        }
    }

    fn payload(&mut self, payload: &Payload) {
        self.byte(match payload {
            Payload::Json(_) => 0,
            Payload::Binary(_) => 1,
        });
        self.slice(payload.bytes());
    }

    fn optional_position(&mut self, position: Option<Position>) {
        self.byte(u8::from(position.is_some()));
        if let Some(position) = position {
            self.position(position);
        }
    }

    fn position(&mut self, position: Position) {
        self.float(position.offset);
        self.u32(position.tag.0);
    }

    fn about(&mut self, kind: u8, id: u32) {
        self.byte(kind);
        self.u32(id);
    }

    fn text(&mut self, text: &str) {
        self.slice(text.as_bytes());
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
