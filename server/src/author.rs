use sha1::{Digest, Sha1};
use tidewire_protocol::{PublisherId, Seq};

/// Who publishes through the application, so that doing it twice makes one publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The publisher.
    pub publisher: PublisherId,
    /// The publisher's counter in the channel: the last accepted + 1.
    pub seq: Seq,
    /// The user that subscribers see.
    pub user: Option<String>,
}

impl Author {
    /// A new publisher that publishes this once; after a doubt it cannot be repeated without a second copy.
    pub fn once() -> Self {
        Self { publisher: PublisherId(rand::random()), seq: 1, user: None }
    }

    /// A publisher of its own for each idempotency key: whatever is published twice with it in a channel is
    /// taken once. Its id is the first 64 bits of the key's SHA-1 (RFC 3174).
    pub fn keyed(key: &str) -> Self {
        let digest = Sha1::digest(key.as_bytes());
        let publisher = digest.iter().take(8).fold(0, |id, &byte| id << 8 | u64::from(byte));
        Self { publisher: PublisherId(publisher), seq: 1, user: None }
    }

    /// The same, in a user's name.
    #[must_use]
    pub fn named(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self }
    }
}
