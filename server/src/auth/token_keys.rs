use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Algorithm, BadToken, Claims, TokenKey};

/// The keys of a server, and the order in which a token is judged by them.
#[derive(Clone, Debug, Default)]
pub struct TokenKeys(Vec<TokenKey>);

impl TokenKeys {
    /// How far the clocks of who issues tokens and of this server may differ.
    pub const LEEWAY: Duration = Duration::from_secs(5);

    /// Longer tokens are not looked at.
    pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

    /// These keys. Two with the same `kid` and algorithm are tried one after the other.
    pub fn new(keys: Vec<TokenKey>) -> Self {
        Self(keys)
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &TokenKey> {
        self.0.iter()
    }

    /// Whether there is none, so that no token is accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Judges a token: which key, does it fit, is now its time.
    ///
    /// # Errors
    /// The reason why it is not accepted.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<Claims, BadToken> {
        if self.is_empty() {
            return Err(BadToken::NoKeys);
        }
        let claims = self.verify_signature(token)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let leeway = Self::LEEWAY.as_secs();
        if claims.exp.saturating_add(leeway) <= now {
            return Err(BadToken::Expired);
        }
        match claims.nbf {
            Some(begin) if begin > now.saturating_add(leeway) => Err(BadToken::NotYet),
            Some(_) | None => Ok(claims),
        }
    }

    fn verify_signature(&self, token: &str) -> Result<Claims, BadToken> {
        let header = Header::of(token)?;
        let named = |key: &&TokenKey| key.kid == header.kid;
        // A token that names no key may be of any; one that names a key is of that or of one without name.
        let candidates: Vec<_> = match &header.kid {
            None => self.0.iter().collect(),
            Some(_) if self.0.iter().any(|key| named(&key)) => self.0.iter().filter(named).collect(),
            Some(_) => self.0.iter().filter(|key| key.kid.is_none()).collect(),
        };
        if candidates.is_empty() {
            return Err(BadToken::UnknownKey);
        }
        let mut reason = BadToken::WrongAlgorithm;
        for key in candidates.into_iter().filter(|key| key.algorithm() == header.algorithm) {
            match key.verify(token) {
                Err(BadToken::WrongSignature) => reason = BadToken::WrongSignature,
                verdict => return verdict,
            }
        }
        Err(reason)
    }
}

/// What a token says of itself before anything of it is believed.
struct Header {
    algorithm: Algorithm,
    kid: Option<String>,
}

impl Header {
    fn of(token: &str) -> Result<Self, BadToken> {
        #[derive(Deserialize)]
        struct Fields {
            alg: String,
            kid: Option<String>,
            crit: Option<serde::de::IgnoredAny>,
        }

        if token.len() > TokenKeys::MAX_TOKEN_BYTES {
            return Err(BadToken::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(_), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadToken::Malformed);
        };
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| BadToken::Malformed)?;
        let fields: Fields = serde_json::from_slice(&header).map_err(|_| BadToken::Malformed)?;
        if fields.alg.eq_ignore_ascii_case("none") || signature.is_empty() {
            return Err(BadToken::Unsigned);
        }
        if fields.crit.is_some() {
            return Err(BadToken::UnknownExtension);
        }
        let algorithm = Algorithm::NAMES.iter().find(|(name, _)| *name == fields.alg);
        let (_, algorithm) = algorithm.ok_or(BadToken::WrongAlgorithm)?;
        Ok(Self { algorithm: *algorithm, kid: fields.kid })
    }
}
