use std::fmt;
use std::str::FromStr;

use super::BadRedisAddress;

/// Who we are to a server; the default user without a password where nothing is given.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RedisLogin {
    /// A user of Redis' ACL.
    pub user: Option<String>,
    /// Its password, or the server's (`requirepass`).
    pub password: Option<String>,
}

impl FromStr for RedisLogin {
    type Err = BadRedisAddress;

    /// Reads `user:password` or `:password`, percent-encoded.
    fn from_str(text: &str) -> Result<Self, BadRedisAddress> {
        let (user, password) = text.split_once(':').ok_or(BadRedisAddress::NoPassword)?;
        let user = Some(decoded(user)?).filter(|user| !user.is_empty());
        Ok(Self { user, password: Some(decoded(password)?) })
    }
}

impl fmt::Debug for RedisLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "…");
        f.debug_struct("RedisLogin").field("user", &self.user).field("password", &password).finish()
    }
}

pub(super) fn decoded(text: &str) -> Result<String, BadRedisAddress> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| BadRedisAddress::NoText)
}
