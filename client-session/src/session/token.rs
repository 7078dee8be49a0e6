use tidewire_protocol::{ClientFrame, Refresh};

use super::context::Context;
use super::requests::Request;
use crate::{Event, LinkId, Output, Timestamp, TokenError};

/// The application's token: what it is, how long it is good, when to fetch another.
#[derive(Debug)]
pub(super) struct TokenKeeper {
    token: Held,
    expires: Timestamp,
    refresh: Timestamp,
    fetching: bool,
}

#[derive(Debug)]
enum Held {
    /// The application was not asked, or what it gave is no longer good.
    Nothing,
    /// What the application gave; `None` where it has no tokens.
    Given(Option<String>),
}

/// A token is refreshed when a fifth of its time is left, at most a minute before it expires.
const SHARE_LEFT: u64 = 5;
const MOST_LEFT_MS: u64 = 60_000;
/// A failed refresh is tried again after so long.
const RETRY_MS: u64 = 5_000;
const SOON_MS: u64 = 500;

impl TokenKeeper {
    pub(super) const fn new() -> Self {
        Self { token: Held::Nothing, expires: Timestamp::NEVER, refresh: Timestamp::NEVER, fetching: false }
    }

    /// The token for hello, if one is held that will do; otherwise the application has been asked for one.
    pub(super) fn is_ready(&mut self, context: &mut Context) -> bool {
        if self.expires <= context.now {
            self.forget();
        }
        match &self.token {
            Held::Given(_) => true,
            Held::Nothing => {
                self.fetch(context);
                false
            }
        }
    }

    /// The token, for hello.
    pub(super) fn current(&self) -> Option<String> {
        match &self.token {
            Held::Nothing => None,
            Held::Given(token) => token.clone(),
        }
    }

    /// The server does not take the token any more.
    pub(super) fn forget(&mut self) {
        self.token = Held::Nothing;
        (self.expires, self.refresh) = (Timestamp::NEVER, Timestamp::NEVER);
    }

    /// The application took too long; it is asked anew next time.
    pub(super) const fn give_up(&mut self) {
        self.fetching = false;
    }

    /// The application answered. A token goes to the server at once where there is a live link.
    pub(super) fn fetched(
        &mut self,
        context: &mut Context,
        answer: Result<Option<String>, TokenError>,
        live: Option<LinkId>,
    ) -> Result<(), TokenError> {
        self.fetching = false;
        let token = match answer {
            Ok(token) => token,
            Err(error) => {
                self.refresh = if live.is_some() { context.now.after_ms(RETRY_MS) } else { Timestamp::NEVER };
                context.notify(Event::TokenFailed(error.clone()));
                return Err(error);
            }
        };
        if let (Some(link), Some(token)) = (live, token.clone()) {
            context.ask(link, Request::Refresh, |id| ClientFrame::Refresh(Refresh { id, token }));
        }
        self.token = Held::Given(token);
        self.expires = Timestamp::NEVER;
        Ok(())
    }

    /// The server said how long the token is good.
    pub(super) fn good_for(&mut self, now: Timestamp, expires_in_ms: Option<u64>) {
        (self.expires, self.refresh) = match expires_in_ms {
            Some(ms) => (now.after_ms(ms), now.after_ms(ms - (ms / SHARE_LEFT).min(MOST_LEFT_MS))),
            None => (Timestamp::NEVER, Timestamp::NEVER),
        };
    }

    /// The server says that the token has expired: fetch another soon.
    pub(super) fn expired(&mut self, now: Timestamp) {
        self.refresh = self.refresh.min(now.after_ms(SOON_MS));
    }

    /// The server did not take the refreshed token.
    pub(super) fn refused(&mut self, now: Timestamp) {
        self.refresh = now.after_ms(RETRY_MS);
    }

    pub(super) const fn deadline(&self) -> Timestamp {
        self.refresh
    }

    /// Asks the application for a new token, where it is time.
    pub(super) fn tick(&mut self, context: &mut Context) {
        if self.refresh <= context.now {
            self.refresh = Timestamp::NEVER;
            self.fetch(context);
        }
    }

    fn fetch(&mut self, context: &mut Context) {
        if !self.fetching {
            self.fetching = true;
            context.push(Output::FetchToken);
        }
    }
}
