use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Grants;
use crate::Author;

/// A key for the HTTP API. The server holds its hash only.
#[derive(Clone)]
pub struct ApiKey {
    /// Names it in logs and metrics, and in the identity of what it publishes.
    pub name: String,
    /// What its bearer may do.
    pub grants: Grants,
    /// Whether its bearer may also drain the node and move its clients.
    pub admin: bool,
    hash: [u8; 32],
}

impl ApiKey {
    /// The shortest key.
    pub const MIN_CHARACTERS: usize = 16;

    /// A key by its SHA-256, that is no operator's.
    pub fn new(name: String, hash: [u8; 32], grants: Grants) -> Self {
        Self { name, grants, admin: false, hash }
    }

    /// The SHA-256 that stands for a key.
    pub fn hash_of(key: &str) -> [u8; 32] {
        Sha256::digest(key.as_bytes()).into()
    }

    /// Whether `key` is this one; takes equally long either way.
    pub fn is(&self, key: &str) -> bool {
        Self::hash_of(key).ct_eq(&self.hash).into()
    }

    /// The author that an `Idempotency-Key` of this API key stands for, so that two API keys never meet.
    pub fn author(&self, idempotency_key: &str) -> Author {
        Author::keyed(&format!("{}\0{idempotency_key}", self.name))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("name", &self.name)
            .field("grants", &self.grants)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}
