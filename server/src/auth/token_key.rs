use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, EncodingKey, Header};

use super::{BadToken, Claims, Secret};

/// How tokens are signed. HS256 has one secret for both sides; the others a key pair of which the server has
/// the public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm with its name in JOSE (RFC 7518, RFC 8037).
    pub const NAMES: [(&str, Self); 4] =
        [("HS256", Self::Hs256), ("RS256", Self::Rs256), ("ES256", Self::Es256), ("EdDSA", Self::EdDsa)];

    /// Its name in JOSE.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn of_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// A key that tokens are checked with. The key decides the algorithm, the token only has to agree.
#[derive(Clone)]
pub struct TokenKey {
    /// Picks this key for tokens that name it; a key without one serves tokens that name none.
    pub kid: Option<String>,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must include.
    pub audience: Option<String>,
    algorithm: Algorithm,
    verifying: DecodingKey,
    signing: Option<EncodingKey>,
}

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// A short secret can be guessed (RFC 7518, section 3.2).
    #[error("an HS256 secret has at least 32 bytes, this one has {0}")]
    ShortSecret(usize),
    /// The private half belongs to whoever issues the tokens.
    #[error("this is a private key; the server needs the public one only")]
    Private,
    /// Not a public key of this algorithm in PEM.
    #[error("this is no {0} public key in PEM")]
    NotPublic(&'static str),
    /// Not the private half, in PEM, of this key.
    #[error("this is not the private half of the {0} key, in PEM")]
    NotPrivate(&'static str),
    /// RSA below 2048 bits can be factored.
    #[error("an RSA key has at least 2048 bits, this one is shorter")]
    ShortRsa,
    /// ES256 means the curve P-256.
    #[error("an ES256 key is on the curve P-256, this one is on another")]
    OtherCurve,
    /// A secret where a key pair is expected, or the other way round.
    #[error("{0} keys cannot be made of this")]
    WrongKind(&'static str),
}

impl TokenKey {
    /// The shortest HS256 secret: as long as the hash.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// A key of HS256, good for checking and for signing.
    ///
    /// # Errors
    /// Where the secret is too short.
    pub fn from_secret(secret: &Secret) -> Result<Self, BadKey> {
        let bytes = secret.reveal().as_bytes();
        if bytes.len() < Self::MIN_SECRET_BYTES {
            return Err(BadKey::ShortSecret(bytes.len()));
        }
        let mut key = Self::verifying(Algorithm::Hs256, DecodingKey::from_secret(bytes));
        key.signing = Some(EncodingKey::from_secret(bytes));
        Ok(key)
    }

    /// A key of RS256, ES256 or EdDSA, good for checking, of its public half in PEM.
    ///
    /// # Errors
    /// Where the text is not such a key, or a weak one.
    pub fn from_public_pem(algorithm: Algorithm, pem: &str) -> Result<Self, BadKey> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(BadKey::Private);
        }
        let key = match algorithm {
            Algorithm::Hs256 => return Err(BadKey::WrongKind(algorithm.name())),
            Algorithm::Rs256 => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Algorithm::Es256 => DecodingKey::from_ec_pem(pem.as_bytes()),
            Algorithm::EdDsa => DecodingKey::from_ed_pem(pem.as_bytes()),
        };
        let key = key.map_err(|_| BadKey::NotPublic(algorithm.name()))?;
        let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
        match algorithm {
            // The DER of an RSAPublicKey is some bytes longer than its modulus.
            Algorithm::Rs256 if length < 2048 / 8 => Err(BadKey::ShortRsa),
            // An uncompressed point of P-256 is 1 + 32 + 32 bytes.
            Algorithm::Es256 if length != 65 => Err(BadKey::OtherCurve),
            Algorithm::EdDsa if length != 32 => Err(BadKey::NotPublic(algorithm.name())),
            Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => {
                Ok(Self::verifying(algorithm, key))
            }
        }
    }

    /// Adds the private half of the pair, so that the key can sign.
    ///
    /// # Errors
    /// Where the text is not the private half of this very key.
    pub fn with_private_pem(mut self, pem: &Secret) -> Result<Self, BadKey> {
        let not_private = || BadKey::NotPrivate(self.algorithm.name());
        let key = match self.algorithm {
            Algorithm::Hs256 => return Err(BadKey::WrongKind(self.algorithm.name())),
            Algorithm::Rs256 => EncodingKey::from_rsa_pem(pem.reveal().as_bytes()),
            Algorithm::Es256 => EncodingKey::from_ec_pem(pem.reveal().as_bytes()),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem.reveal().as_bytes()),
        };
        let key = key.map_err(|_| not_private())?;
        let algorithm = self.algorithm.of_jsonwebtoken();
        let signature = jsonwebtoken::crypto::sign(PROBE, &key, algorithm).map_err(|_| not_private())?;
        match jsonwebtoken::crypto::verify(&signature, PROBE, &self.verifying, algorithm) {
            Ok(true) => {
                self.signing = Some(key);
                Ok(self)
            }
            Ok(false) | Err(_) => Err(not_private()),
        }
    }

    /// The algorithm that its tokens have.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it has what signing needs.
    pub fn can_sign(&self) -> bool {
        self.signing.is_some()
    }

    /// Signs a token.
    ///
    /// # Errors
    /// Where the key cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, BadKey> {
        let not_private = || BadKey::NotPrivate(self.algorithm.name());
        let key = self.signing.as_ref().ok_or_else(not_private)?;
        let mut header = Header::new(self.algorithm.of_jsonwebtoken());
        header.kid.clone_from(&self.kid);
        jsonwebtoken::encode(&header, claims, key).map_err(|_| not_private())
    }

    /// Checks a token's signature, issuer and audience; its times are the caller's matter.
    pub(super) fn verify(&self, token: &str) -> Result<Claims, BadToken> {
        let mut validation = jsonwebtoken::Validation::new(self.algorithm.of_jsonwebtoken());
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["sub", "exp"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verifying, &validation)
            .map_err(|error| bad_token(error.kind()))?
            .claims;
        if self.issuer.is_some() && claims.iss != self.issuer {
            return Err(BadToken::WrongIssuer);
        }
        let included = |name| claims.aud.as_ref().is_some_and(|audience| audience.includes(name));
        match &self.audience {
            Some(audience) if !included(audience) => Err(BadToken::WrongAudience),
            Some(_) | None => Ok(claims),
        }
    }

    fn verifying(algorithm: Algorithm, verifying: DecodingKey) -> Self {
        Self { kid: None, issuer: None, audience: None, algorithm, verifying, signing: None }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// Signed to see whether two halves fit together.
const PROBE: &[u8] = b"tidewire";

#[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive enum of another crate")]
fn bad_token(error: &ErrorKind) -> BadToken {
    match error {
        ErrorKind::InvalidSignature => BadToken::WrongSignature,
        ErrorKind::InvalidAlgorithm => BadToken::WrongAlgorithm,
        ErrorKind::MissingRequiredClaim(claim) => BadToken::BadClaims(format!("`{claim}` is missing")),
        ErrorKind::Json(error) => BadToken::BadClaims(error.to_string()),
        _ => BadToken::Malformed,
    }
}
