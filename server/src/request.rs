//! What a client may ask for: one file each, and the gate that all of them pass.

pub(crate) mod greet;
pub(crate) mod history;
pub(crate) mod presence;
pub(crate) mod publish;
pub(crate) mod refresh;
pub(crate) mod subscribe;

use std::sync::Arc;

use tidewire_protocol::{RefusalCode, Refused, RequestId, ServerFrame};

use crate::connection::{Connection, Greeted};
use crate::node::Inner;
use crate::{Closing, Identity, Refusal};

/// Whose request it is, and where.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) node: Arc<Inner>,
    pub(crate) connection: Arc<Connection>,
}

impl Caller {
    /// Answers a request with a refusal.
    pub(crate) fn refuse(&self, id: RequestId, refusal: Refusal) {
        metrics::counter!("tidewire_refusals_total", "code" => refusal.code.word()).increment(1);
        let Refusal { code, reason } = refusal;
        self.connection.say(&ServerFrame::Refused(Refused { id, code, reason }));
    }

    /// Ends the connection.
    pub(crate) fn close(&self, closing: Closing) {
        self.connection.outbox.close(closing);
    }

    /// Who calls. Only greeted connections make requests.
    fn greeted(&self) -> Result<Greeted, Refusal> {
        let nobody = || Refusal::new(RefusalCode::Forbidden, "say hello first");
        self.connection.greeted().ok_or_else(nobody)
    }

    fn identity(&self) -> Result<Arc<Identity>, Refusal> {
        Ok(self.greeted()?.identity)
    }
}
