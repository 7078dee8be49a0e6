use std::sync::atomic::Ordering;

use super::Connection;

/// Counts the fragments of each incoming WebSocket message, which the WebSocket itself hides, and notes when a
/// message begins whose end has not come yet. Reads only headers (RFC 6455, 5.2); what they say is checked
/// after it, by the WebSocket.
pub(super) struct Fragments {
    count: u32,
    is_message_open: bool,
    at: At,
}

/// Where in a frame the next byte belongs.
#[derive(Clone, Copy)]
enum At {
    /// The header: its bytes so far, and how many it has.
    Header { bytes: [u8; 14], have: u8, need: u8 },
    /// The payload.
    Payload { left: u64, ends_message: bool },
}

const START: At = At::Header { bytes: [0; 14], have: 0, need: 2 };

/// A message has more fragments than it may have.
#[derive(Debug, thiserror::Error)]
#[error("a message may have at most {0} fragments")]
pub(super) struct TooManyFragments(u32);

impl Default for Fragments {
    fn default() -> Self {
        Self { count: 0, is_message_open: false, at: START }
    }
}

impl Fragments {
    /// Looks at what was read; a message may have at most `most` fragments.
    pub(super) fn inspect(
        &mut self,
        mut read: &[u8],
        connection: &Connection,
        most: u32,
    ) -> Result<(), TooManyFragments> {
        loop {
            match &mut self.at {
                At::Header { bytes, have, need } => {
                    let Some((&byte, rest)) = read.split_first() else { return Ok(()) };
                    read = rest;
                    bytes[usize::from(*have)] = byte;
                    *have += 1;
                    if *have == 2 {
                        *need = header_length(byte);
                    }
                    if have == need {
                        let bytes = *bytes;
                        self.at = self.begin(&bytes, connection, most)?;
                    }
                }
                At::Payload { left, ends_message } => {
                    let taken = (*left).min(read.len() as u64);
                    *left -= taken;
                    read = &read[taken as usize..];
                    if *left > 0 {
                        return Ok(());
                    }
                    if *ends_message {
                        self.is_message_open = false;
                        connection.activity.assembling.store(0, Ordering::Relaxed);
                    }
                    self.at = START;
                }
            }
        }
    }

    /// Whether what was read so far ends with a message, or with a control frame between messages.
    pub(super) fn are_whole(&self) -> bool {
        !self.is_message_open && matches!(self.at, At::Header { have: 0, .. })
    }

    /// A header is complete.
    fn begin(
        &mut self,
        header: &[u8; 14],
        connection: &Connection,
        most: u32,
    ) -> Result<At, TooManyFragments> {
        let length = match header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
            127 => header[2..10].iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
            short => u64::from(short),
        };
        let (last, opcode) = (header[0] & 0x80 != 0, header[0] & 0x0f);
        // Control frames may come between the fragments of a message.
        let is_data = opcode < 8;
        if is_data {
            self.count = if opcode == 0 { self.count + 1 } else { 1 };
            if self.count > most {
                return Err(TooManyFragments(most));
            }
            self.is_message_open = true;
            let assembling = &connection.activity.assembling;
            if assembling.load(Ordering::Relaxed) == 0 {
                assembling.store(connection.clock.now(), Ordering::Relaxed);
            }
        }
        Ok(At::Payload { left: length, ends_message: is_data && last })
    }
}

/// The length of a header whose second byte is this.
fn header_length(second: u8) -> u8 {
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    mask + match second & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    }
}
