use std::sync::Arc;

use tidewire_backbone::{Appended, BackboneError};

use super::{Healing, Key};

/// A publication whose answer is still to come. Dropping it forgets it.
pub(crate) struct Sent {
    pub(super) healing: Arc<Healing>,
    pub(super) key: Key,
    /// How many interruptions there had been.
    pub(super) interruptions: u64,
    pub(super) is_answered: bool,
}

impl Sent {
    /// What the log has is kept until it is settled.
    pub(crate) fn answered(mut self, answer: &Result<Appended, BackboneError>) {
        let Self { healing, key, interruptions, is_answered } = &mut self;
        let now = healing.scope.clock.now();
        let is_in_doubt = match answer {
            Ok(Appended::Accepted { position, .. } | Appended::Old { position }) => {
                *is_answered = true;
                healing.state.lock().settling.acknowledge(*key, *position, now);
                // The answer may be from a server that was replaced meanwhile.
                *interruptions != healing.scope.interruptions()
            }
            // The log lacks what it had.
            Ok(Appended::Behind { last }) => healing.state.lock().settling.has((key.0, last + 1)),
            Err(_) => false,
        };
        if is_in_doubt {
            healing.sweep();
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.is_answered {
            self.healing.state.lock().settling.forget(self.key);
        }
    }
}
