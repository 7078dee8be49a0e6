use tidewire_protocol::{
    ClientFrame, Codec, Heard, Limits, MessageLimits, ServerFrame, Welcome, codec::binary,
};
use tidewire_session::Timestamp;
use tidewire_wasm::Session;

pub(crate) const TICK: u8 = 0;
pub(crate) const CONNECT: u8 = 1;
pub(crate) const CLOSE: u8 = 2;
pub(crate) const SUBSCRIBE: u8 = 3;
pub(crate) const PUBLISH_JSON: u8 = 5;
pub(crate) const PUBLISH_BINARY: u8 = 6;
pub(crate) const HISTORY: u8 = 7;
pub(crate) const ANONYMOUS: u8 = 8;
pub(crate) const TOKEN: u8 = 9;
pub(crate) const OPENED: u8 = 12;
pub(crate) const RECEIVED: u8 = 13;
pub(crate) const CLOSED: u8 = 14;
pub(crate) const RESUMED: u8 = 17;
pub(crate) const STORED: u8 = 24;
pub(crate) const RESTORE_JSON: u8 = 25;
pub(crate) const RESTORE_BINARY: u8 = 26;

/// What is told, as `browser-driver.ts` would.
#[derive(Default)]
pub(crate) struct Told<'a> {
    pub(crate) kind: u8,
    pub(crate) id: u32,
    pub(crate) count: u32,
    pub(crate) since: Option<(u32, u32)>,
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Done {
    Open(u32),
    Send(u32, Vec<ClientFrame>),
    Close(u32, u32),
    /// What is for the application, as it is packed, with its texts; always last here.
    Events(Vec<u8>, Vec<u8>),
}

/// A session, and the other side of its boundary.
pub(crate) struct Stage {
    session: Session,
    pub(crate) now: f64,
    pub(crate) due: f64,
}

/// The link of the tests.
pub(crate) const LINK: u32 = 1;

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(Session::new(seed, false))
    }

    /// One that stores what it publishes.
    pub(crate) fn durable() -> Self {
        Self::with(Session::new(7, true))
    }

    fn with(session: Session) -> Self {
        Self { session, now: 0.0, due: f64::INFINITY }
    }

    /// Connected and welcomed.
    pub(crate) fn live() -> Self {
        let mut stage = Self::new(7);
        stage.connects();
        stage
    }

    /// From rest to welcome; gives what is done at that.
    pub(crate) fn connects(&mut self) -> Vec<Done> {
        self.tells(&Told { kind: CONNECT, ..Told::default() });
        self.tells(&Told { kind: ANONYMOUS, ..Told::default() });
        self.tells(&Told { kind: OPENED, id: LINK, ..Told::default() });
        self.receives(&[welcome()])
    }

    /// Tells, and gives what is to be done.
    pub(crate) fn tells(&mut self, told: &Told<'_>) -> Vec<Done> {
        let Told { kind, id, count, since, text, bytes } = *told;
        let (offset, tag) = since.map_or((-1.0, 0), |(offset, tag)| (f64::from(offset), tag));
        let now = Timestamp(self.now as u64);
        let text = text.as_bytes();
        let mut packed =
            self.session.tell(&tidewire_wasm::Told { now, kind, id, count, offset, tag, text, bytes });
        self.due = f64::from_le_bytes(take(&mut packed));
        let [texts, things] = [(); 2].map(|()| number(&mut packed) as usize);
        let (texts, mut from) = packed.split_at(texts);
        assert_eq!(from.len(), things);
        let mut done = Vec::new();
        loop {
            match from.first() {
                Some(10) => done.push(Done::Open(about(&mut from))),
                Some(11) => {
                    let link = about(&mut from);
                    let (message, rest) = from.split_at(number(&mut { from }) as usize + 4);
                    from = rest;
                    done.push(Done::Send(link, frames(&message[4..])));
                }
                Some(12) => done.push(Done::Close(about(&mut from), number(&mut from))),
                Some(_) => {
                    done.push(Done::Events(from.to_vec(), texts.to_vec()));
                    return done;
                }
                None => return done,
            }
        }
    }

    pub(crate) fn receives(&mut self, frames: &[ServerFrame]) -> Vec<Done> {
        let mut message = Vec::new();
        frames.iter().for_each(|frame| Codec::Binary.encode(frame, &mut message));
        self.tells(&Told { kind: RECEIVED, id: LINK, bytes: &message, ..Told::default() })
    }
}

/// A kind and its number.
fn about(from: &mut &[u8]) -> u32 {
    let [_kind] = take(from);
    number(from)
}

fn number(from: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(from))
}

fn take<const N: usize>(from: &mut &[u8]) -> [u8; N] {
    let (first, rest) = from.split_first_chunk().unwrap();
    *from = rest;
    *first
}

fn frames(message: &[u8]) -> Vec<ClientFrame> {
    let heard = binary::decode(message, MessageLimits::NONE).unwrap();
    heard
        .into_iter()
        .map(|heard| match heard {
            Heard::Frame(frame) => frame,
            Heard::UnknownKind(kind) => panic!("frame of kind {kind}"),
        })
        .collect()
}

fn welcome() -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        connection: "c-1".to_owned(),
        node: "n-1".to_owned(),
        heartbeat_ms: 25_000,
        reconnect_spread_ms: 1,
        limits: Limits {
            message_bytes: 65_536,
            frames_per_message: 512,
            subscriptions: 256,
            settle_ms: 60_000,
            dedup_ms: 600_000,
        },
        user: None,
        token_expires_in_ms: None,
        ephemeral: Vec::new(),
        features: Vec::new(),
    })
}
