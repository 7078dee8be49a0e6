use tidewire_protocol::{ClientFrame, RequestId};

use super::outputs::Outputs;
use super::random::Random;
use super::requests::{Request, Requests};
use super::terms::Terms;
use crate::{Event, LinkId, Output, Timestamp};

/// What all parts of a session share: the moment, the ways out, what the server said.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) now: Timestamp,
    pub(super) outputs: Outputs,
    pub(super) requests: Requests,
    pub(super) random: Random,
    pub(super) terms: Terms,
    /// Whether publications are stored before they are sent.
    pub(super) durable: bool,
}

impl Context {
    pub(super) fn notify(&mut self, event: Event) {
        self.outputs.notify(event);
    }

    pub(super) fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub(super) fn send(&mut self, link: LinkId, frame: ClientFrame) {
        self.outputs.send(link, frame, &self.terms.limits);
    }

    /// Sends a request and remembers what its answer is for.
    pub(super) fn ask(
        &mut self,
        link: LinkId,
        request: Request,
        frame: impl FnOnce(RequestId) -> ClientFrame,
    ) -> RequestId {
        let id = self.requests.add(link, request);
        self.send(link, frame(id));
        id
    }
}
