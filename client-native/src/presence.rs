use std::collections::BTreeMap;

use tidewire_protocol::Member;
use tidewire_session::{PresenceId, Refusal};
use tokio::sync::{mpsc, watch};

use crate::driver::Request;
use crate::{Closed, QuestionError};

/// Who is in a channel, kept up to date while there is a subscription of the channel. Dropping it ends that.
#[derive(Debug)]
pub struct PresenceWatch {
    pub(crate) id: PresenceId,
    pub(crate) crowd: watch::Receiver<Crowd>,
    pub(crate) driver: mpsc::WeakSender<Request>,
}

/// Who is in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// By their connections' names; `None` while it is not known: before the first answer, after a lost connection,
    /// and in a channel so large or restless that the server only counts.
    pub members: Option<BTreeMap<String, Member>>,
    /// How many connections there were when that was said last.
    pub connections: u64,
    /// How many users these were; each anonymous connection counts as one.
    pub users: u64,
    pub(crate) refused: Option<Refusal>,
}

impl PresenceWatch {
    /// What is known now.
    pub fn now(&self) -> watch::Ref<'_, Crowd> {
        self.crowd.borrow()
    }

    /// Waits until what is known is as wished.
    ///
    /// # Errors
    /// The watch was refused, or the client is closed.
    pub async fn wait_for(
        &mut self,
        mut is_so: impl FnMut(&Crowd) -> bool,
    ) -> Result<watch::Ref<'_, Crowd>, QuestionError> {
        // Whoever was refused has the word of it as the last that is known.
        let seen = self.crowd.wait_for(|crowd| crowd.refused.is_some() || is_so(crowd)).await;
        let crowd = seen.map_err(|_| Closed)?;
        match &crowd.refused {
            Some(refusal) => Err(refusal.clone().into()),
            None => Ok(crowd),
        }
    }

    /// Waits until what is known is something else than when this was last asked.
    ///
    /// # Errors
    /// The watch was refused, or the client is closed.
    pub async fn changed(&mut self) -> Result<(), QuestionError> {
        let changed = self.crowd.changed().await;
        match (changed, self.crowd.borrow().refused.clone()) {
            (_, Some(refusal)) => Err(refusal.into()),
            (Ok(()), None) => Ok(()),
            (Err(_), None) => Err(Closed.into()),
        }
    }
}

impl Drop for PresenceWatch {
    fn drop(&mut self) {
        // Where the driver has no room for this now, it notices at the next news that nobody watches.
        if let Some(driver) = self.driver.upgrade() {
            let _ = driver.try_send(Request::UnwatchPresence(self.id));
        }
    }
}
