use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{NodeKey, Outcome};

/// What nodes tell each other of tunnels: one byte for the kind, numbers big-endian.
///
/// ```text
/// up      1, asker u64, ticket u64, secret u128, number u64, bytes
/// down    2, asker u64, ticket u64, secret u128, arrived u64
/// answer  3, ticket u64, outcome u8, bytes
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Letter {
    /// A request that came to the asker.
    Question { asker: NodeKey, ticket: u64, secret: u128, question: Question },
    /// What became of it.
    Answer { ticket: u64, outcome: Outcome },
}

/// What a request wants of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// To say something.
    Up { number: u64, bytes: Bytes },
    /// To hear what comes after so many bytes.
    Down { arrived: u64 },
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const ANSWER: u8 = 3;

impl Letter {
    pub(super) fn write(self) -> Bytes {
        let mut to = BytesMut::new();
        match self {
            Self::Question { asker, ticket, secret, question } => {
                to.put_u8(if matches!(question, Question::Up { .. }) { UP } else { DOWN });
                to.put_u64(asker.0);
                to.put_u64(ticket);
                to.put_u128(secret);
                match question {
                    Question::Up { number, bytes } => {
                        to.put_u64(number);
                        to.put(bytes);
                    }
                    Question::Down { arrived } => to.put_u64(arrived),
                }
            }
            Self::Answer { ticket, outcome } => {
                to.put_u8(ANSWER);
                to.put_u64(ticket);
                to.put_u8(match &outcome {
                    Outcome::Taken => 0,
                    Outcome::Says(_) => 1,
                    Outcome::Gone => 2,
                    Outcome::OutOfStep => 3,
                    Outcome::Unreachable => 4,
                });
                if let Outcome::Says(bytes) = outcome {
                    to.put(bytes);
                }
            }
        }
        to.freeze()
    }

    /// `None` where it is none, as of a later version.
    pub(super) fn read(mut from: Bytes) -> Option<Self> {
        let kind = from.try_get_u8().ok()?;
        if kind == ANSWER {
            let ticket = from.try_get_u64().ok()?;
            let outcome = match from.try_get_u8().ok()? {
                0 => Outcome::Taken,
                1 => Outcome::Says(from),
                2 => Outcome::Gone,
                3 => Outcome::OutOfStep,
                4 => Outcome::Unreachable,
                _ => return None,
            };
            return Some(Self::Answer { ticket, outcome });
        }
        let (asker, ticket) = (NodeKey(from.try_get_u64().ok()?), from.try_get_u64().ok()?);
        let (secret, number) = (from.try_get_u128().ok()?, from.try_get_u64().ok()?);
        let question = match kind {
            UP => Question::Up { number, bytes: from },
            DOWN => Question::Down { arrived: number },
            _ => return None,
        };
        Some(Self::Question { asker, ticket, secret, question })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written_and_never_panics_where_it_is_cut() {
        let question = |question| Letter::Question { asker: NodeKey(1), ticket: 2, secret: 3, question };
        let answer = |outcome| Letter::Answer { ticket: 4, outcome };
        let letters = || {
            [
                question(Question::Up { number: 5, bytes: "up".into() }),
                question(Question::Down { arrived: 6 }),
                answer(Outcome::Taken),
                answer(Outcome::Says("down".into())),
                answer(Outcome::Gone),
                answer(Outcome::OutOfStep),
                answer(Outcome::Unreachable),
            ]
        };
        for (letter, same) in letters().into_iter().zip(letters()) {
            let bytes = letter.write();
            for cut in 0..bytes.len() {
                let _ = Letter::read(bytes.slice(..cut));
            }
            assert_eq!(Letter::read(bytes), Some(same));
        }
        assert_eq!(Letter::read(Bytes::from_static(&[9; 60])), None);
    }
}
