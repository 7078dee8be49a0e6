//! Which tokens are accepted, and why others are not.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use tidewire_protocol::{Advice, CloseCode};
use tidewire_server::auth::{
    Algorithm, Audience, BadKey, BadToken, Claims, Grants, Secret, TokenKey, TokenKeys,
};

const NOW: Duration = Duration::from_secs(1_800_000_000);

#[test]
fn a_token_of_each_algorithm_is_accepted_by_its_key() {
    for algorithm in ALGORITHMS {
        let key = pair(algorithm);
        let token = key.sign(&claims()).unwrap();
        assert_eq!(judge(vec![key], &token), Ok(claims()), "{}", algorithm.name());
    }
}

#[test]
fn a_token_of_a_foreign_key_is_refused() {
    for algorithm in ALGORITHMS {
        let token = foreign(algorithm).sign(&claims()).unwrap();
        assert_eq!(
            judge(vec![pair(algorithm)], &token),
            Err(BadToken::WrongSignature),
            "{}",
            algorithm.name()
        );
    }
}

#[test]
fn a_changed_token_is_refused() {
    for algorithm in ALGORITHMS {
        let token = pair(algorithm).sign(&claims()).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let admin = Claims { sub: "admin".into(), ..claims() };
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&admin).unwrap());
        let changed = format!("{}.{body}.{}", parts[0], parts[2]);
        assert_eq!(judge(vec![pair(algorithm)], &changed), Err(BadToken::WrongSignature));
    }
}

#[test]
fn an_unsigned_token_is_refused_however_it_is_spelt() {
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
    for alg in ["none", "None", "NONE", "nOnE"] {
        for signature in ["", "AAAA"] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
            let token = format!("{header}.{body}.{signature}");
            assert_eq!(judge(vec![pair(Algorithm::Hs256)], &token), Err(BadToken::Unsigned), "{alg}");
        }
    }
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    assert_eq!(judge(vec![pair(Algorithm::Hs256)], &format!("{header}.{body}.")), Err(BadToken::Unsigned));
}

#[test]
fn the_public_half_of_a_key_is_no_secret_of_hs256() {
    let public = read("rs256.pub.pem");
    let forged = TokenKey::from_secret(&Secret::new(public)).unwrap().sign(&claims()).unwrap();
    assert_eq!(judge(vec![pair(Algorithm::Rs256)], &forged), Err(BadToken::WrongAlgorithm));
}

#[test]
fn an_expired_token_asks_to_come_back_and_an_invalid_one_to_stay_away() {
    let expired = Claims { exp: NOW.as_secs() - TokenKeys::LEEWAY.as_secs(), ..claims() };
    let error = judge_signed(&expired).unwrap_err();
    assert_eq!(error, BadToken::Expired);
    assert_eq!(error.close_code(), CloseCode::TokenExpired);
    assert_eq!(error.close_code().advice(), Advice::Retry);
    assert_eq!(BadToken::WrongSignature.close_code(), CloseCode::TokenInvalid);
    assert_eq!(BadToken::WrongSignature.close_code().advice(), Advice::Stop);
}

#[test]
fn clocks_may_differ_a_little() {
    let just_over = Claims { exp: NOW.as_secs() - 1, ..claims() };
    assert!(judge_signed(&just_over).is_ok());
    let just_before = Claims { nbf: Some(NOW.as_secs() + 1), ..claims() };
    assert!(judge_signed(&just_before).is_ok());
}

#[test]
fn a_token_before_its_time_is_refused() {
    let early = Claims { nbf: Some(NOW.as_secs() + 60), ..claims() };
    assert_eq!(judge_signed(&early), Err(BadToken::NotYet));
}

#[test]
fn a_token_without_user_or_end_is_refused() {
    for (body, missing) in [
        (r#"{"sub":"ann"}"#, "exp"),
        (r#"{"exp":9999999999}"#, "sub"),
        (r#"{"sub":7,"exp":9999999999}"#, "sub"),
        (r#"{"sub":"ann","exp":"tomorrow"}"#, "exp"),
        (r#"{"sub":"ann","exp":9999999999,"tidewire":{"publish":["*x"]}}"#, "pattern"),
    ] {
        let error = judge(vec![pair(Algorithm::Hs256)], &sign_text(body)).unwrap_err();
        assert!(matches!(error, BadToken::BadClaims(_)), "{missing}: {error}");
        assert_eq!(error.close_code(), CloseCode::TokenInvalid);
    }
}

#[test]
fn a_token_without_grants_is_a_user_who_may_nothing() {
    let claims =
        judge(vec![pair(Algorithm::Hs256)], &sign_text(r#"{"sub":"ann","exp":9999999999}"#)).unwrap();
    assert_eq!(claims.tidewire, Grants::default());
}

#[test]
fn the_kid_picks_the_key() {
    let old = named("2025", Algorithm::Hs256);
    let new = named("2026", Algorithm::Es256);
    let token = new.sign(&claims()).unwrap();
    assert_eq!(judge(vec![old.clone(), new], &token), Ok(claims()));
    assert_eq!(judge(vec![old], &token), Err(BadToken::UnknownKey));
}

#[test]
fn a_token_that_names_no_key_may_be_of_any() {
    let keys = ALGORITHMS.map(|algorithm| named(algorithm.name(), algorithm));
    for algorithm in ALGORITHMS {
        let token = pair(algorithm).sign(&claims()).unwrap();
        assert_eq!(judge(keys.to_vec(), &token), Ok(claims()));
    }
}

#[test]
fn a_key_may_ask_for_an_issuer_and_an_audience() {
    let mut key = pair(Algorithm::EdDsa);
    key.issuer = Some("https://id.test".into());
    key.audience = Some("tidewire".into());
    let good = Claims {
        iss: Some("https://id.test".into()),
        aud: Some(Audience::Several(vec!["web".into(), "tidewire".into()])),
        ..claims()
    };
    let verdict = |claims: &Claims| judge(vec![key.clone()], &key.sign(claims).unwrap());
    assert_eq!(verdict(&good), Ok(good.clone()));
    assert_eq!(verdict(&Claims { iss: None, ..good.clone() }), Err(BadToken::WrongIssuer));
    assert_eq!(
        verdict(&Claims { iss: Some("https://evil.test".into()), ..good.clone() }),
        Err(BadToken::WrongIssuer)
    );
    assert_eq!(verdict(&Claims { aud: None, ..good.clone() }), Err(BadToken::WrongAudience));
    assert_eq!(
        verdict(&Claims { aud: Some(Audience::One("web".into())), ..good }),
        Err(BadToken::WrongAudience)
    );
}

#[test]
fn an_extension_that_must_be_understood_is_refused() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","crit":["x"],"x":1}"#);
    let token = format!("{header}.e30.AAAA");
    assert_eq!(judge(vec![pair(Algorithm::Hs256)], &token), Err(BadToken::UnknownExtension));
}

#[test]
fn what_is_no_token_is_refused_without_a_panic() {
    let long = "a".repeat(TokenKeys::MAX_TOKEN_BYTES + 1);
    for text in ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "é.é.é", long.as_str()] {
        assert_eq!(judge(vec![pair(Algorithm::Hs256)], text), Err(BadToken::Malformed), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_damage_to_a_token_makes_it_good_or_panic(place in any::<prop::sample::Index>(), put in "[\\PC]{0,3}") {
        let token = pair(Algorithm::Hs256).sign(&claims()).unwrap();
        let place = place.index(token.len());
        let damaged = format!("{}{put}{}", &token[..place], &token[place + 1..]);
        prop_assert!(damaged == token || judge(vec![pair(Algorithm::Hs256)], &damaged).is_err());
    }
}

#[test]
fn without_keys_no_token_is_accepted() {
    let token = pair(Algorithm::Hs256).sign(&claims()).unwrap();
    assert_eq!(judge(Vec::new(), &token), Err(BadToken::NoKeys));
}

#[test]
fn weak_and_mistaken_keys_are_refused() {
    assert_eq!(refusal_of(TokenKey::from_secret(&Secret::new("hunter2"))), BadKey::ShortSecret(7));
    let public = |algorithm, file| refusal_of(TokenKey::from_public_pem(algorithm, &read(file)));
    assert_eq!(public(Algorithm::Rs256, "rs256-short.pub.pem"), BadKey::ShortRsa);
    assert_eq!(public(Algorithm::Es256, "es384.pub.pem"), BadKey::OtherCurve);
    assert_eq!(public(Algorithm::Es256, "rs256.pub.pem"), BadKey::NotPublic("ES256"));
    assert_eq!(public(Algorithm::EdDsa, "es256.pub.pem"), BadKey::NotPublic("EdDSA"));
    assert_eq!(public(Algorithm::Rs256, "rs256.pem"), BadKey::Private);
    assert_eq!(public(Algorithm::Hs256, "rs256.pub.pem"), BadKey::WrongKind("HS256"));
}

#[test]
fn only_the_private_half_of_the_same_key_may_sign() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let name = algorithm.name().to_lowercase();
        let foreign = Secret::new(read(&format!("{name}-foreign.pem")));
        let refused = refusal_of(pair(algorithm).with_private_pem(&foreign));
        assert_eq!(refused, BadKey::NotPrivate(algorithm.name()));
    }
}

const ALGORITHMS: [Algorithm; 4] = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
const SECRET: &str = "a secret of the tests, long enough";

fn claims() -> Claims {
    Claims {
        sub: "ann".into(),
        exp: NOW.as_secs() + 3600,
        nbf: None,
        iss: None,
        aud: None,
        tidewire: Grants { subscribe: vec!["chat:*".parse().unwrap()], publish: Vec::new(), info: None },
    }
}

fn judge(keys: Vec<TokenKey>, token: &str) -> Result<Claims, BadToken> {
    TokenKeys::new(keys).verify(token, UNIX_EPOCH + NOW)
}

fn judge_signed(claims: &Claims) -> Result<Claims, BadToken> {
    let key = pair(Algorithm::Hs256);
    let token = key.sign(claims).unwrap();
    judge(vec![key], &token)
}

fn pair(algorithm: Algorithm) -> TokenKey {
    match algorithm {
        Algorithm::Hs256 => TokenKey::from_secret(&Secret::new(SECRET)).unwrap(),
        Algorithm::Rs256 => from_files(algorithm, "rs256"),
        Algorithm::Es256 => from_files(algorithm, "es256"),
        Algorithm::EdDsa => from_files(algorithm, "eddsa"),
    }
}

fn named(kid: &str, algorithm: Algorithm) -> TokenKey {
    let mut key = pair(algorithm);
    key.kid = Some(kid.into());
    key
}

fn foreign(algorithm: Algorithm) -> TokenKey {
    match algorithm {
        Algorithm::Hs256 => TokenKey::from_secret(&Secret::new(SECRET.to_uppercase())).unwrap(),
        Algorithm::Rs256 => from_files(algorithm, "rs256-foreign"),
        Algorithm::Es256 => from_files(algorithm, "es256-foreign"),
        Algorithm::EdDsa => from_files(algorithm, "eddsa-foreign"),
    }
}

fn from_files(algorithm: Algorithm, name: &str) -> TokenKey {
    let key = TokenKey::from_public_pem(algorithm, &read(&format!("{name}.pub.pem"))).unwrap();
    key.with_private_pem(&Secret::new(read(&format!("{name}.pem")))).unwrap()
}

fn sign_text(body: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let claims: serde_json::Value = serde_json::from_str(body).unwrap();
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

fn refusal_of(key: Result<TokenKey, BadKey>) -> BadKey {
    key.err().unwrap()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/keys/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
