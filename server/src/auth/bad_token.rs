use tidewire_protocol::CloseCode;

/// Why a token is not accepted; its text goes to the client, and has nothing of a token whose signature is not
/// verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It ended.
    #[error("the token has expired")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// It is not three parts of base64url with JSON in the first two.
    #[error("the token is not a JSON Web Token")]
    Malformed,
    /// It asks to be believed without a signature.
    #[error("the token is unsigned")]
    Unsigned,
    /// Nobody of the configured keys signed it.
    #[error("the token is signed with a key that this server does not know")]
    UnknownKey,
    /// It claims another algorithm than its key has.
    #[error("the token's algorithm is not the one of its key")]
    WrongAlgorithm,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// Its header demands an extension that must be understood.
    #[error("the token demands an extension that this server does not know")]
    UnknownExtension,
    /// `iss` is not what the key wants.
    #[error("the token's issuer is not the one of its key")]
    WrongIssuer,
    /// `aud` is not what the key wants.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `sub`, `exp` or `tidewire` are missing or not as they should be.
    #[error("the token's claims cannot be read: {0}")]
    BadClaims(String),
    /// The server has no key at all.
    #[error("this server accepts no tokens, because its configuration has no keys")]
    NoKeys,
}

impl BadToken {
    /// How a connection ends that says hello with it.
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::Expired => CloseCode::TokenExpired,
            Self::NotYet
            | Self::Malformed
            | Self::Unsigned
            | Self::UnknownKey
            | Self::WrongAlgorithm
            | Self::WrongSignature
            | Self::UnknownExtension
            | Self::WrongIssuer
            | Self::WrongAudience
            | Self::BadClaims(_)
            | Self::NoKeys => CloseCode::TokenInvalid,
        }
    }

    /// One word for a counter's label.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Malformed => "malformed",
            Self::Unsigned => "unsigned",
            Self::UnknownKey => "unknown_key",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::WrongSignature => "wrong_signature",
            Self::UnknownExtension => "unknown_extension",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::BadClaims(_) => "bad_claims",
            Self::NoKeys => "no_keys",
        }
    }
}
