use std::fmt;

use redis::{ClientTlsConfig, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};

use crate::BackboneError;

/// How the ends of an encrypted link know each other; a server's certificate must always be for its host's name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RedisTls {
    /// The certificates, in PEM, of the authorities that vouch for servers; the machine's own where absent.
    pub ca: Option<String>,
    /// Who we are, where servers ask for it.
    pub identity: Option<RedisIdentity>,
}

/// A client's certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisIdentity {
    /// The certificate, and those between it and its authority, in PEM.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key: String,
}

impl RedisTls {
    /// What redis-rs takes.
    pub(super) fn certificates(&self) -> Result<TlsCertificates, BackboneError> {
        if CryptoProvider::get_default().is_none() {
            // Where another thread was quicker, its choice stands.
            let _ = ring::default_provider().install_default();
        }
        if self.ca.as_ref().is_some_and(|ca| !ca.contains("-----BEGIN CERTIFICATE-----")) {
            return Err(BackboneError::Refused("the file of the CA has no certificate in PEM".to_owned()));
        }
        let client_tls = self.identity.as_ref().map(|identity| ClientTlsConfig {
            client_cert: identity.certificate.clone().into_bytes(),
            client_key: identity.key.clone().into_bytes(),
        });
        Ok(TlsCertificates { client_tls, root_cert: self.ca.clone().map(String::into_bytes) })
    }
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = (self.ca.is_some(), self.identity.is_some());
        write!(f, "RedisTls {{ ca: {}, identity: {} }}", parts.0, parts.1)
    }
}

impl fmt::Debug for RedisIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisIdentity")
    }
}
