use tidewire_session::{Output, SessionConfig, Timestamp};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::packed::Packed;
use crate::told::Told;

/// One client's session. Subscriptions and requests have numbers of the caller's choosing, all different; what becomes
/// of each is told under its number.
#[wasm_bindgen]
pub struct Session {
    session: tidewire_session::Session,
    /// What is told and what is answered stay where they are from call to call: to make and free them would cost more
    /// than what most messages need.
    given: Vec<u8>,
    packed: Packed,
}

#[wasm_bindgen]
impl Session {
    /// A session that does nothing until it is told to connect. The seed must be random in all its bits; a durable
    /// one asks for each publication to be stored before it is sent.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u64, durable: bool) -> Self {
        let sdk = String::from(concat!("web/", env!("CARGO_PKG_VERSION")));
        let config = SessionConfig { sdk, durable, ..SessionConfig::default() };
        Self {
            session: tidewire_session::Session::new(config, seed),
            given: Vec::new(),
            packed: Packed::default(),
        }
    }

    /// Where so many bytes can be written for [`Self::handle`], until there must be room for more.
    pub fn room(&mut self, length: usize) -> *mut u8 {
        self.given.resize(length, 0);
        self.given.as_mut_ptr()
    }

    /// Takes in what happened at a moment in milliseconds, and gives where it says what is to be done, until the next
    /// call. The arguments are those of [`Told`], whose text and bytes stand one after the other in the room.
    #[allow(clippy::too_many_arguments, reason = "numbers cross the boundary without any code")]
    pub fn handle(
        &mut self,
        now: f64,
        kind: u8,
        id: u32,
        count: u32,
        offset: f64,
        tag: u32,
        text_length: usize,
        bytes_length: usize,
    ) -> *const u8 {
        let given = std::mem::take(&mut self.given);
        let (text, bytes) = given[..text_length + bytes_length].split_at(text_length);
        let now = Timestamp(now as u64);
        let answer = self.tell(&Told { now, kind, id, count, offset, tag, text, bytes }).as_ptr();
        self.given = given;
        answer
    }
}

impl Session {
    /// Takes in what happened, and gives what is to be done, as `Packed`, with the next moment at which to come.
    pub fn tell(&mut self, told: &Told<'_>) -> &[u8] {
        self.packed.begin(told.now);
        match told.input() {
            Some(input) => self.session.handle(told.now, input),
            None => self.packed.not_understood(told.id),
        }
        while let Some(output) = self.session.poll() {
            match output {
                Output::FetchToken => self.packed.fetch_token(),
                Output::Open(link) => self.packed.open(link),
                Output::Send(link, frames) => self.packed.send(link, &frames),
                Output::Close(link, code) => self.packed.close(link, code),
                Output::Store { publish, channel, payload, name } => {
                    self.packed.store(publish, &channel, &payload, name);
                }
                Output::Notify(event) => self.packed.event(event),
            }
        }
        self.packed.until(self.session.deadline().map(|(at, _)| at))
    }
}
