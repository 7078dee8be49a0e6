use serde::{Deserialize, Serialize};

use super::Grants;

/// What a token says, as far as Tidewire reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// When the token ends, in seconds since 1970.
    pub exp: u64,
    /// When the token begins, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Who issued it; compared where the key names an issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// For whom it is; compared where the key names an audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// What the user may do; nothing where it is absent.
    #[serde(default)]
    pub tidewire: Grants,
}

/// The audience of a token: one, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// `"aud": "tidewire"`
    One(String),
    /// `"aud": ["tidewire", "web"]`
    Several(Vec<String>),
}

impl Audience {
    /// Whether `name` is among them.
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => several.iter().any(|one| one == name),
        }
    }
}
