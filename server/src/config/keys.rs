//! `[[keys]]` and `[[api_keys]]`.

use super::section::Section;
use super::sources::{SecretKeys, Sources};
use crate::auth::{Algorithm, ApiKey, BadKey, Grants, Pattern, TokenKey};

const SECRET: SecretKeys = SecretKeys { inline: "secret", variable: "secret_env", file: "secret_file" };
const PUBLIC_KEY: SecretKeys =
    SecretKeys { inline: "public_key", variable: "public_key_env", file: "public_key_file" };
const API_KEY: SecretKeys = SecretKeys { inline: "key", variable: "key_env", file: "key_file" };

pub(super) fn token_key(section: &mut Section<'_, '_>, sources: &Sources<'_>) -> Option<TokenKey> {
    let kid = section.text("kid").map(|kid| kid.value.to_owned());
    let issuer = section.text("issuer").map(|issuer| issuer.value.to_owned());
    let audience = section.text("audience").map(|audience| audience.value.to_owned());
    if !section.has("algorithm") {
        section.reader().wrong(section.span(), "`algorithm` is missing", "use HS256, RS256, ES256 or EdDSA");
    }
    let algorithm = section.choice("algorithm", &Algorithm::NAMES);
    let (given, key) = match algorithm {
        Some(Algorithm::Hs256) => {
            let given = sources.secret(section, &SECRET)?;
            let key = TokenKey::from_secret(&given.value);
            (given, key)
        }
        Some(algorithm @ (Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa)) => {
            let given = sources.secret(section, &PUBLIC_KEY)?;
            let key = TokenKey::from_public_pem(algorithm, given.value.reveal());
            (given, key)
        }
        None => {
            section.ignore(&["secret", "secret_env", "secret_file"]);
            section.ignore(&["public_key", "public_key_env", "public_key_file"]);
            return None;
        }
    };
    match key {
        Ok(mut key) => {
            (key.kid, key.issuer, key.audience) = (kid, issuer, audience);
            Some(key)
        }
        Err(error) => {
            section.reader().wrong(given.span, error.to_string(), advice(&error));
            None
        }
    }
}

pub(super) fn api_key(section: &mut Section<'_, '_>, sources: &Sources<'_>) -> Option<ApiKey> {
    let subscribe = section.list("subscribe", str::parse::<Pattern>, "\"chat:*\"");
    let publish = section.list("publish", str::parse::<Pattern>, "\"chat:*\"");
    let admin = section.flag("admin").unwrap_or_default();
    let name = section.text("name");
    if name.is_none() {
        section.reader().wrong(
            section.span(),
            "`name` is missing",
            "name it after who uses it: name = \"backend\"",
        );
    }
    let hash = if section.has("key_sha256") {
        section.ignore(&["key", "key_env", "key_file"]);
        section.parsed(
            "key_sha256",
            parse_hash,
            "key_sha256 = \"<64 hexadecimal digits>\"; sha256sum makes them",
        )
    } else {
        section.ignore(&["key_sha256"]);
        let given = sources.secret(section, &API_KEY)?;
        let key = given.value.reveal();
        if key.chars().count() < ApiKey::MIN_CHARACTERS {
            let message = format!("an API key has at least {} characters", ApiKey::MIN_CHARACTERS);
            section.reader().wrong(given.span, message, "openssl rand -hex 32 makes a good one");
            return None;
        }
        Some(ApiKey::hash_of(key))
    };
    let mut key = ApiKey::new(name?.value.to_owned(), hash?, Grants { subscribe, publish, info: None });
    key.admin = admin;
    Some(key)
}

fn parse_hash(text: &str) -> Result<[u8; 32], &'static str> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("a SHA-256 has 64 hexadecimal digits");
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| "not hexadecimal")?;
    }
    Ok(hash)
}

fn advice(error: &BadKey) -> &'static str {
    match error {
        BadKey::ShortSecret(_) => "openssl rand -base64 32 makes a good one",
        BadKey::Private => "openssl pkey -in private.pem -pubout gives the public one",
        BadKey::NotPublic(_) | BadKey::NotPrivate(_) | BadKey::WrongKind(_) => {
            "it begins with -----BEGIN PUBLIC KEY-----, and `algorithm` must be the key's"
        }
        BadKey::ShortRsa => "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 makes a good pair",
        BadKey::OtherCurve => {
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 makes a good pair"
        }
    }
}
