use tokio::sync::watch;

use super::greeting::Branch;
use super::refusal::down;
use super::trouble::Trouble;
use crate::BackboneError;

/// Whether a link is up; said by its task, heard by everybody.
#[derive(Clone)]
pub(super) struct Standing(watch::Sender<State>);

enum State {
    Up {
        /// Of the server; `None` where it does not say.
        branch: Option<Branch>,
    },
    Down {
        /// Why the last attempt failed.
        trouble: Option<Trouble>,
    },
}

impl Standing {
    /// Down, and nothing was tried yet.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::Down { trouble: None }))
    }

    /// Up, to a server with this history.
    pub(super) fn set_up(&self, branch: Option<Branch>) {
        self.0.send_replace(State::Up { branch });
    }

    /// Still up; the server has this history by now.
    pub(super) fn moves_to(&self, now: Option<Branch>) {
        self.0.send_if_modified(|state| match state {
            State::Up { branch } if *branch != now => {
                *branch = now;
                true
            }
            State::Up { .. } | State::Down { .. } => false,
        });
    }

    /// Down, and perhaps why.
    pub(super) fn set_down(&self, trouble: Option<Trouble>) {
        self.0.send_replace(State::Down { trouble });
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(*self.0.borrow(), State::Up { .. })
    }

    /// Returns once the link is up; fails where it cannot be before a configuration is mended.
    pub(super) async fn up(&self) -> Result<(), BackboneError> {
        let verdict = |state: &State| match state {
            State::Up { .. } => Some(Ok(())),
            State::Down { trouble } => trouble.as_ref()?.verdict().map(Err),
        };
        self.until(|state| verdict(state).is_some()).await;
        verdict(&self.0.borrow()).unwrap_or_else(|| Err(down()))
    }

    /// Returns once the link is up, to a server with this history or with one that it does not tell.
    pub(super) async fn arrives_at(&self, here: Option<&Branch>) {
        self.until(|state| match state {
            State::Up { branch } => !are_different(branch.as_ref(), here),
            State::Down { .. } => false,
        })
        .await;
    }

    /// Returns once the link is up to a server with another history.
    pub(super) async fn leaves(&self, here: Option<&Branch>) {
        self.until(|state| match state {
            State::Up { branch } => are_different(branch.as_ref(), here),
            State::Down { .. } => false,
        })
        .await;
    }

    async fn until(&self, is_so: impl FnMut(&State) -> bool) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(is_so).await;
    }
}

fn are_different(one: Option<&Branch>, other: Option<&Branch>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
