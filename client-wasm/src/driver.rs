use std::rc::Rc;

use tidewire_protocol::{Advice, ChannelName, Payload, Position};
use tidewire_session::{
    Command, HistoryId, Input, PublishId, Session, SessionConfig, SubscriptionId, Timestamp, TokenError,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::Host;
use crate::browser::fill_with_random;
use crate::conversation::Conversation;
use crate::packed::Packed;

/// One client: a session, its socket, its timer and the page's events. Subscriptions and requests have numbers of
/// the caller's choosing, all different; what becomes of each is told to the host under its number.
#[wasm_bindgen]
pub struct Driver {
    conversation: Rc<Conversation>,
}

#[wasm_bindgen]
impl Driver {
    /// A client of the server at `url`, a WebSocket's address; it does nothing until it is told to connect.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, sdk: String, host: Host) -> Self {
        #[cfg(debug_assertions)]
        show_panics();
        let config = SessionConfig { sdk, ..SessionConfig::default() };
        Self { conversation: Conversation::new(url, host, Session::new(config, random())) }
    }

    /// Connects, and stays connected from then on.
    pub fn connect(&self) {
        self.conversation.watch();
        self.command(Command::Connect);
    }

    /// Ends: what is not done is told to have failed.
    pub fn close(&self) {
        self.conversation.look_away();
        self.command(Command::Close);
    }

    /// Begins a subscription: after a position, or `last` publications before the newest.
    pub fn subscribe(&self, id: u32, channel: &str, last: u32, since: Option<String>) {
        let Some(channel) = self.channel(id, channel) else { return };
        let Ok(since) = self.position(id, since) else { return };
        self.command(Command::Subscribe {
            subscription: SubscriptionId(id),
            channel,
            last: u64::from(last),
            since,
        });
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, id: u32) {
        self.command(Command::Unsubscribe { subscription: SubscriptionId(id) });
    }

    /// Publishes JSON text.
    pub fn publish_json(&self, id: u32, channel: &str, payload: Vec<u8>) {
        self.publish(id, channel, Payload::Json(payload.into()));
    }

    /// Publishes bytes.
    pub fn publish_binary(&self, id: u32, channel: &str, payload: Vec<u8>) {
        self.publish(id, channel, Payload::Binary(payload.into()));
    }

    /// Asks for a part of a channel's log: at most `limit` publications, 0 for as many as the server gives.
    pub fn history(&self, id: u32, channel: &str, since: Option<String>, limit: u32) {
        let Some(channel) = self.channel(id, channel) else { return };
        let Ok(since) = self.position(id, since) else { return };
        self.command(Command::History { history: HistoryId(id), channel, since, limit: u64::from(limit) });
    }

    /// Answers that a token was asked for; without one the client is anonymous.
    pub fn token(&self, token: Option<String>) {
        self.conversation.handle(Input::Token(Ok(token)));
    }

    /// Answers that there is no token now.
    pub fn token_unavailable(&self, reason: String) {
        self.conversation.handle(Input::Token(Err(TokenError::Unavailable(reason))));
    }

    /// Answers that there will be no token.
    pub fn token_refused(&self, reason: String) {
        self.conversation.handle(Input::Token(Err(TokenError::Refused(reason))));
    }
}

impl Driver {
    fn command(&self, command: Command) {
        self.conversation.handle(Input::Command(command));
    }

    fn publish(&self, id: u32, channel: &str, payload: Payload) {
        let Some(channel) = self.channel(id, channel) else { return };
        self.command(Command::Publish { publish: PublishId(id), channel, payload });
    }

    fn channel(&self, id: u32, text: &str) -> Option<ChannelName> {
        text.parse().map_err(|why| self.refuse(id, "bad_channel", &why)).ok()
    }

    fn position(&self, id: u32, text: Option<String>) -> Result<Option<Position>, ()> {
        text.map(|text| text.parse()).transpose().map_err(|why| self.refuse(id, "bad_position", &why))
    }

    fn refuse(&self, id: u32, code: &str, why: &dyn std::fmt::Display) {
        let mut packed = Packed::new(Timestamp::default());
        packed.failed(id, code, Advice::Stop, &why.to_string());
        self.conversation.tell(&packed);
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    fill_with_random(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Panics end the module; in debug builds the console at least says why.
#[cfg(debug_assertions)]
fn show_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            crate::browser::console_error(&panic.to_string());
            before(panic);
        }));
    });
}
