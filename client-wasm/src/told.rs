use tidewire_protocol::codec::binary;
use tidewire_protocol::{ChannelName, Payload, PayloadBytes, Position, PublisherId, Tag};
use tidewire_session::{
    Command, HistoryId, Input, LinkEvent, LinkId, PresenceCommand, PresenceId, PublishId, PublishName,
    SubscriptionId, Timestamp, TokenError, Wake,
};

/// What `browser-driver.ts` tells: each kind uses some of the fields.
pub struct Told<'a> {
    /// When it happened; of what is restored, when it was stored.
    pub now: Timestamp,
    /// What happened.
    pub kind: u8,
    /// To which subscription, request or link.
    pub id: u32,
    /// How many publications; of a closed link, the code, 0 where there is none; how many milliseconds.
    pub count: u32,
    /// With `tag`, the position after which to begin; negative where there is none.
    pub offset: f64,
    /// See `offset`.
    pub tag: u32,
    /// A channel's name, a token, a reason.
    pub text: &'a [u8],
    /// A payload or a message; before what is restored, the name that it was stored with, and where that it is
    /// stored is told, that name alone; of a question for who is there, after whom the page begins, empty for the first.
    pub bytes: &'a [u8],
}

impl Told<'_> {
    /// The same for the session; `None` where it makes no sense.
    pub(crate) fn input(&self) -> Option<Input> {
        let command = match self.kind {
            0 => return Some(Input::Tick),
            1 => Command::Connect,
            2 => Command::Close,
            3 => Command::Subscribe {
                subscription: SubscriptionId(self.id),
                channel: self.channel()?,
                last: self.count.into(),
                since: self.since(),
            },
            4 => Command::Unsubscribe { subscription: SubscriptionId(self.id) },
            5 => self.publish(Payload::Json)?,
            6 => self.publish(Payload::Binary)?,
            7 => Command::History {
                history: HistoryId(self.id),
                channel: self.channel()?,
                since: self.since(),
                limit: self.count.into(),
            },
            8 => return Some(Input::Token(Ok(None))),
            9 => return Some(Input::Token(Ok(Some(self.string()?)))),
            10 => return Some(Input::Token(Err(TokenError::Unavailable(self.string()?)))),
            11 => return Some(Input::Token(Err(TokenError::Refused(self.string()?)))),
            12 => return Some(self.link(LinkEvent::Opened)),
            13 => return Some(self.link(self.message())),
            14 => return Some(self.link(self.closed()?)),
            15 => return Some(Input::Wake(Wake::PageShown)),
            16 => return Some(Input::Wake(Wake::PageHidden)),
            17 => return Some(Input::Wake(Wake::Resumed)),
            18 => return Some(Input::Wake(Wake::Online)),
            19 => return Some(Input::Wake(Wake::Offline)),
            20 => return Some(Input::Wake(Wake::ClockJumped)),
            21 => Command::Presence(PresenceCommand::Ask {
                presence: PresenceId(self.id),
                channel: self.channel()?,
                after: Some(string(self.bytes)?).filter(|after| !after.is_empty()),
                limit: self.count.into(),
            }),
            22 => Command::Presence(PresenceCommand::Watch {
                presence: PresenceId(self.id),
                channel: self.channel()?,
            }),
            23 => Command::Presence(PresenceCommand::Unwatch { presence: PresenceId(self.id) }),
            24 => Command::Stored { publish: PublishId(self.id), name: self.named()?.0 },
            25 => self.restore(Payload::Json)?,
            26 => self.restore(Payload::Binary)?,
            27 => Command::Coalesce { every_ms: self.count },
            _ => return None,
        };
        Some(Input::Command(command))
    }

    fn restore(&self, payload: fn(PayloadBytes) -> Payload) -> Option<Command> {
        let (name, bytes) = self.named()?;
        Some(Command::Restore {
            publish: PublishId(self.id),
            channel: self.channel()?,
            payload: payload(PayloadBytes::copy_from_slice(bytes)),
            name,
            first: self.now,
        })
    }

    /// The name with which the bytes begin, and what follows it.
    fn named(&self) -> Option<(PublishName, &[u8])> {
        let (publisher, bytes) = self.bytes.split_first_chunk()?;
        let (seq, bytes) = bytes.split_first_chunk()?;
        let publisher = PublisherId(u64::from_le_bytes(*publisher));
        Some((PublishName { publisher, seq: u64::from_le_bytes(*seq) }, bytes))
    }

    fn publish(&self, payload: fn(PayloadBytes) -> Payload) -> Option<Command> {
        Some(Command::Publish {
            publish: PublishId(self.id),
            channel: self.channel()?,
            payload: payload(PayloadBytes::copy_from_slice(self.bytes)),
        })
    }

    fn link(&self, event: LinkEvent) -> Input {
        Input::Link(LinkId(self.id), event)
    }

    fn message(&self) -> LinkEvent {
        match binary::known(self.bytes) {
            Ok(frames) => LinkEvent::Received(frames),
            // Whoever looks into that has a client with words: here they would cost each page a kilobyte.
            Err(_) => LinkEvent::Garbled(String::new()),
        }
    }

    fn closed(&self) -> Option<LinkEvent> {
        let code = u16::try_from(self.count).ok().filter(|&code| code > 0);
        Some(LinkEvent::Closed { code, reason: self.string()? })
    }

    fn channel(&self) -> Option<ChannelName> {
        str::from_utf8(self.text).ok()?.parse().ok()
    }

    fn since(&self) -> Option<Position> {
        (self.offset >= 0.0).then_some(Position { offset: self.offset as u64, tag: Tag(self.tag) })
    }

    fn string(&self) -> Option<String> {
        string(self.text)
    }
}

fn string(bytes: &[u8]) -> Option<String> {
    Some(String::from(str::from_utf8(bytes).ok()?))
}
