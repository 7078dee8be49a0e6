use tidewire_protocol::UnsubscribeCode;
use tidewire_session::{Doubt, End, Loss, Refusal, TokenError};

/// Why something came to nothing: a number for which `reasons.ts` has the words, what belongs into them, and what the
/// server or the application said of it. Below 100 it is the number of a server's refusal.
pub(crate) struct Reason<'a> {
    pub(crate) number: u16,
    pub(crate) detail: u32,
    pub(crate) said: &'a str,
}

impl<'a> Reason<'a> {
    pub(crate) const NONE: Self = Self::number(0);
    pub(crate) const BAD_CHANNEL: Self = Self::number(108);

    const fn number(number: u16) -> Self {
        Self::said(number, "")
    }

    const fn said(number: u16, said: &'a str) -> Self {
        Self { number, detail: 0, said }
    }

    /// A message that cannot be read says nothing of itself.
    pub(crate) const fn trouble(said: &'a str) -> Self {
        Self::said(if said.is_empty() { 112 } else { 120 }, said)
    }
}

impl<'a> From<&'a Refusal> for Reason<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        match refusal {
            Refusal::Server { code, reason } => Self::said(code.number(), reason),
            Refusal::Overflow => Self::number(100),
            Refusal::NotLive => Self::number(101),
            Refusal::TooLarge { limit } => Self { number: 102, detail: *limit, said: "" },
            Refusal::Ended => Self::number(103),
        }
    }
}

impl From<Doubt> for Reason<'_> {
    fn from(doubt: Doubt) -> Self {
        Self::number(match doubt {
            Doubt::TooOld => 104,
            Doubt::Refused => 105,
            Doubt::Ended => 106,
            Doubt::LinkLost => 107,
        })
    }
}

impl<'a> From<&'a Loss> for Reason<'a> {
    fn from(loss: &'a Loss) -> Self {
        match loss {
            Loss::Closed { code, reason } => {
                Self { number: 109, detail: code.unwrap_or(0).into(), said: reason }
            }
            Loss::Silent => Self::number(110),
            Loss::Timeout => Self::number(111),
            Loss::Garbled(why) => Self::said(112, why),
            Loss::Token(error) => error.into(),
        }
    }
}

impl<'a> From<&'a TokenError> for Reason<'a> {
    fn from(error: &'a TokenError) -> Self {
        match error {
            TokenError::Unavailable(reason) => Self::said(113, reason),
            TokenError::Refused(reason) => Self::said(114, reason),
        }
    }
}

impl<'a> From<&'a End> for Reason<'a> {
    fn from(end: &'a End) -> Self {
        match end {
            End::Application => Self::number(115),
            End::Server { code, reason } => Self { number: 116, detail: code.number().into(), said: reason },
            End::Token(error) => error.into(),
        }
    }
}

impl From<UnsubscribeCode> for Reason<'_> {
    fn from(code: UnsubscribeCode) -> Self {
        Self::number(match code {
            UnsubscribeCode::Requested => 117,
            UnsubscribeCode::Forbidden => 118,
            UnsubscribeCode::Removed | UnsubscribeCode::Unknown(_) => 119,
        })
    }
}
