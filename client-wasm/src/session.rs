use tidewire_session::{Output, SessionConfig, Timestamp};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::packed::Packed;
use crate::told::Told;

/// One client's session. Subscriptions and requests have numbers of the caller's choosing, all different; what becomes
/// of each is told under its number.
#[wasm_bindgen]
pub struct Session(tidewire_session::Session);

#[wasm_bindgen]
impl Session {
    /// A session that does nothing until it is told to connect. The seed must be random in all its bits; a durable
    /// one asks for each publication to be stored before it is sent.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u64, durable: bool) -> Self {
        let sdk = String::from(concat!("web/", env!("CARGO_PKG_VERSION")));
        Self(tidewire_session::Session::new(SessionConfig { sdk, durable, ..SessionConfig::default() }, seed))
    }

    /// Takes in what happened at a moment in milliseconds, and gives the next moment at which to come, with all that
    /// is to be done, as `Packed`. The other arguments are those of `Told`.
    #[allow(clippy::too_many_arguments, reason = "numbers cross the boundary without any code")]
    pub fn handle(
        &mut self,
        now: f64,
        kind: u8,
        id: u32,
        count: u32,
        offset: f64,
        tag: u32,
        text: &[u8],
        bytes: &[u8],
    ) -> Vec<u8> {
        let now = Timestamp(now as u64);
        let mut packed = Packed::new(now);
        match (Told { now, kind, id, count, offset, tag, text, bytes }).input() {
            Some(input) => self.0.handle(now, input),
            None => packed.not_understood(id),
        }
        while let Some(output) = self.0.poll() {
            match output {
                Output::FetchToken => packed.fetch_token(),
                Output::Open(link) => packed.open(link),
                Output::Send(link, frames) => packed.send(link, &frames),
                Output::Close(link, code) => packed.close(link, code),
                Output::Store { publish, channel, payload, name } => {
                    packed.store(publish, &channel, &payload, name);
                }
                Output::Notify(event) => packed.event(event),
            }
        }
        packed.until(self.0.deadline().map(|(at, _)| at))
    }
}
