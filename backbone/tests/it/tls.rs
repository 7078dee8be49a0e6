use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tidewire_backbone::{
    Backbone, BackboneError, RedisBackbone, RedisConfig, RedisIdentity, RedisTls, Retention,
};
use tidewire_test_redis::{Server, Settings, free_port};

use crate::redis::{channel, config, draft, next};

/// A server that speaks TLS beside what the tests themselves speak, and its authority.
struct Encrypted {
    server: Server,
    port: u16,
    authority: CertifiedIssuer<'static, KeyPair>,
    _files: TempDir,
}

impl Encrypted {
    /// With a certificate for one name; `clients` is what `tls-auth-clients` says of theirs.
    fn for_name(name: &str, clients: &str) -> Self {
        let authority = authority();
        let files = tempfile::tempdir().unwrap();
        let port = free_port();
        let settings = certified(&authority, name, files.path())
            .set("tls-port", &port.to_string())
            .set("tls-auth-clients", clients);
        Self { server: Server::with(settings), port, authority, _files: files }
    }

    fn config(&self, host: &str, ca: String) -> RedisConfig {
        let tls = RedisTls { ca: Some(ca), identity: None };
        RedisConfig { tls, ..config(format!("rediss://{host}:{}", self.port)) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_travel_encrypted() {
    let encrypted = Encrypted::for_name("localhost", "no");
    let config = encrypted.config("localhost", encrypted.authority.pem());
    let (node, mut arrivals) = RedisBackbone::connect(config).await.unwrap();
    node.listen(&channel()).await.unwrap();
    node.publish(&channel(), draft(1), Retention::DEFAULT).await.unwrap();
    next(&mut arrivals).await;
    let connected: String = encrypted.server.run(&["CLIENT", "LIST"]);
    let encrypted =
        connected.lines().filter(|line| line.contains(&format!("laddr=127.0.0.1:{}", encrypted.port)));
    assert_eq!(encrypted.count(), 3, "{connected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_not_accepted() {
    let encrypted = Encrypted::for_name("redis.test", "no");
    assert_refused(
        encrypted.config("localhost", encrypted.authority.pem()),
        "for the name that the address has",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_not_accepted() {
    let encrypted = Encrypted::for_name("localhost", "no");
    assert_refused(encrypted.config("localhost", authority().pem()), "redis.ca_file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_certificate_is_told() {
    let encrypted = Encrypted::for_name("localhost", "no");
    assert_refused(encrypted.config("localhost", "nothing".into()), "no certificate in PEM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_certificate_gets_one() {
    let encrypted = Encrypted::for_name("localhost", "yes");
    let mut config = encrypted.config("localhost", encrypted.authority.pem());
    assert_refused(config.clone(), "redis.certificate_file and redis.key_file").await;
    let (certificate, key) = signed(&encrypted.authority, "node");
    config.tls.identity = Some(RedisIdentity { certificate, key });
    let (node, _) = RedisBackbone::connect(config).await.unwrap();
    assert!(node.is_ready());
}

async fn assert_refused(config: RedisConfig, advice: &str) {
    match RedisBackbone::connect(config).await {
        Err(BackboneError::Refused(text)) => assert!(text.contains(advice), "{text}"),
        Err(error) => panic!("{error}"),
        Ok((node, _)) => panic!("it is accepted, and ready: {}", node.is_ready()),
    }
}

/// Settings of servers that have a certificate for a name; the files are in the folder.
pub(crate) fn certified(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    folder: &Path,
) -> Settings {
    let (certificate, key) = signed(authority, name);
    let file = |name: &str, text: &str| -> String {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        Path::to_str(&path).unwrap().to_owned()
    };
    Settings::default()
        .set("tls-cert-file", &file("server.crt", &certificate))
        .set("tls-key-file", &file("server.key", &key))
        .set("tls-ca-cert-file", &file("ca.crt", &authority.pem()))
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, and its key.
fn signed(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}
