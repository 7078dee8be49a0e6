use std::collections::VecDeque;

use crate::{Input, Output, SessionConfig, Status, Timer, Timestamp};

/// One client's conversation.
#[derive(Debug)]
pub struct Session {
    outputs: VecDeque<Output>,
    status: Status,
}

impl Session {
    /// A session that does nothing until it is told to connect. All its randomness comes from the seed, which
    /// must differ from session to session.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        let _ = (config, seed);
        Self { outputs: VecDeque::new(), status: Status::Idle }
    }

    /// Takes in what happened. Never fails: trouble becomes an [`Event`](crate::Event).
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        let _ = (now, input);
    }

    /// The next thing to do; to be called until there is none. Several inputs may be handled before.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come with [`Input::Tick`], and what for. Changes with every input.
    pub fn deadline(&self) -> Option<(Timestamp, Timer)> {
        None
    }

    /// How the session stands.
    pub fn status(&self) -> &Status {
        &self.status
    }
}
