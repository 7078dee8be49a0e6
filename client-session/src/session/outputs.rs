use std::vec::IntoIter;

use tidewire_protocol::{ClientFrame, Limits};

use crate::{Event, LinkId, Output};

/// What waits to be polled. Frames for one link gather in one message, as far as the server's limits allow,
/// until the driver polls or something else happens to the link.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// What is being polled, before the queue.
    polled: IntoIter<Output>,
    queue: Vec<Output>,
    message: Option<Message>,
}

#[derive(Debug)]
struct Message {
    link: LinkId,
    frames: Vec<ClientFrame>,
    weight: usize,
}

impl Outputs {
    pub(super) fn notify(&mut self, event: Event) {
        self.queue.push(Output::Notify(event));
    }

    /// Beside the message that gathers, which it does not end.
    pub(super) fn store(&mut self, output: Output) {
        self.queue.push(output);
    }

    pub(super) fn push(&mut self, output: Output) {
        self.seal();
        self.queue.push(output);
    }

    pub(super) fn send(&mut self, link: LinkId, frame: ClientFrame, limits: &Limits) {
        let weight = weight_of(&frame);
        match &mut self.message {
            Some(message)
                if message.link == link
                    && message.frames.len() < limits.frames_per_message as usize
                    && message.weight + weight <= limits.message_bytes as usize =>
            {
                message.frames.push(frame);
                message.weight += weight;
            }
            Some(_) | None => {
                self.seal();
                self.message = Some(Message { link, frames: vec![frame], weight });
            }
        }
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.polled.next() {
            return Some(output);
        }
        if self.queue.is_empty() {
            self.seal();
        }
        self.polled = std::mem::take(&mut self.queue).into_iter();
        self.polled.next()
    }

    fn seal(&mut self) {
        if let Some(Message { link, frames, .. }) = self.message.take() {
            self.queue.push(Output::Send(link, frames));
        }
    }
}

/// What a frame's numbers, keys and lengths take at most, in either codec, beside its names and payload.
const OVERHEAD: usize = 160;

/// At least the bytes that the frame takes in a message, whatever the codec.
fn weight_of(frame: &ClientFrame) -> usize {
    OVERHEAD
        + match frame {
            ClientFrame::Hello(hello) => hello.sdk.len() + hello.token.as_ref().map_or(0, String::len),
            ClientFrame::Subscribe(subscribe) => {
                subscribe.channel.as_str().len() + 32 * subscribe.since.len()
            }
            ClientFrame::Publish(publish) => {
                publish.channel.as_str().len() + payload_weight(publish.payload.bytes().len())
            }
            ClientFrame::Unsubscribe(unsubscribe) => unsubscribe.channel.as_str().len(),
            ClientFrame::History(history) => history.channel.as_str().len(),
            ClientFrame::Presence(presence) => presence.channel.as_str().len(),
            ClientFrame::Refresh(refresh) => refresh.token.len(),
            ClientFrame::Ping(_) | ClientFrame::Pong(_) | ClientFrame::Coalesce(_) => 0,
        }
}

/// Base64 makes four bytes of three.
const fn payload_weight(bytes: usize) -> usize {
    bytes + bytes / 3 + 4
}

/// Whether a payload of so many bytes fits in a message of its own.
pub(super) const fn fits(bytes: usize, channel_bytes: usize, limits: &Limits) -> bool {
    OVERHEAD + channel_bytes + payload_weight(bytes) <= limits.message_bytes as usize
}
