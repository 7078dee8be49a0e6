//! `[redis]`.

use tidewire_backbone::{RedisIdentity, RedisTls};

use super::section::Section;
use super::sources::Sources;

/// Reads what begins every name in Redis.
pub(super) fn prefix(text: &str) -> Result<String, &'static str> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    match text.len() {
        1..=64 if text.bytes().all(is_good) => Ok(text.to_owned()),
        _ => Err("a prefix has 1 to 64 letters, digits and - _ . :"),
    }
}

pub(super) fn tls(section: &mut Section<'_, '_>, sources: &Sources<'_>) -> RedisTls {
    let ca = sources.file(section, "ca_file").map(|ca| ca.value.reveal().to_owned());
    let certificate = sources.file(section, "certificate_file");
    let key = sources.file(section, "key_file");
    for (one, other) in [("certificate_file", "key_file"), ("key_file", "certificate_file")] {
        if section.has(one) && !section.has(other) {
            let message = format!("`redis.{one}` needs `redis.{other}` beside it");
            section.reader().wrong(
                section.span_of(one),
                message,
                "a client shows a certificate with its key",
            );
        }
    }
    let identity = certificate.zip(key).map(|(certificate, key)| RedisIdentity {
        certificate: certificate.value.reveal().to_owned(),
        key: key.value.reveal().to_owned(),
    });
    RedisTls { ca, identity }
}
