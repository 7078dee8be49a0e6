//! What the configuration and a token allow, and what nobody may.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidewire_protocol::{CloseCode, RefusalCode};
use tidewire_server::auth::{Claims, ConfiguredPolicy, Grants, Mode};
use tidewire_server::config::Config;
use tidewire_server::{Credentials, Identity, Policy};

#[tokio::test]
async fn an_anonymous_client_may_what_anyone_may() {
    let door = Door::new(Mode::Production);
    let nobody = door.anonymous().await;
    assert_eq!(door.may(&nobody, "open:x").await, (true, true));
    assert_eq!(door.may(&nobody, "news:x").await, (true, false));
    assert_eq!(door.may(&nobody, "users:x").await, (false, false));
    assert_eq!(door.may(&nobody, "chat:x").await, (false, false));
}

#[tokio::test]
async fn a_user_may_what_users_may_and_what_the_token_grants() {
    let door = Door::new(Mode::Production);
    let ann = door.user("ann", "chat:lobby", "chat:*").await;
    assert_eq!(door.may(&ann, "open:x").await, (true, true));
    assert_eq!(door.may(&ann, "users:x").await, (true, true));
    assert_eq!(door.may(&ann, "chat:lobby").await, (true, true));
    assert_eq!(door.may(&ann, "chat:other").await, (false, true));
    assert_eq!(ann.user.as_deref(), Some("ann"));
}

#[tokio::test]
async fn a_grant_of_everything_does_not_make_a_namespace_exist() {
    let door = Door::new(Mode::Production);
    let ann = door.user("ann", "*", "*").await;
    assert_eq!(door.may(&ann, "chat:x").await, (true, true));
    assert_eq!(door.may(&ann, "nowhere:x").await, (false, false));
}

#[tokio::test]
async fn a_refusal_is_forbidden_whether_or_not_the_namespace_exists() {
    let door = Door::new(Mode::Production);
    let nobody = door.anonymous().await;
    for channel in ["chat:x", "nowhere:x"] {
        let channel = channel.parse().unwrap();
        assert_eq!(door.policy.subscribe(&nobody, &channel).await.unwrap_err().code, RefusalCode::Forbidden);
        assert_eq!(door.policy.publish(&nobody, &channel).await.unwrap_err().code, RefusalCode::Forbidden);
        assert_eq!(door.policy.history(&nobody, &channel).await.unwrap_err().code, RefusalCode::Forbidden);
        assert_eq!(door.policy.presence(&nobody, &channel).await.unwrap_err().code, RefusalCode::Forbidden);
    }
}

#[tokio::test]
async fn a_developer_at_this_machine_may_everything() {
    let door = Door::new(Mode::Development);
    for (remote, origin, host) in [
        ("127.0.0.1:5000", None, Some("localhost:7800")),
        ("[::1]:5000", Some("http://localhost:4200"), Some("[::1]:7800")),
        ("[::ffff:127.0.0.1]:5000", Some("http://127.0.0.1:7800"), None),
    ] {
        let developer = door.policy.connect(credentials(remote, origin, host)).await.ok().unwrap();
        assert_eq!(door.may(&developer, "any:thing").await, (true, true), "{remote} {origin:?} {host:?}");
    }
}

#[tokio::test]
async fn who_is_elsewhere_or_comes_by_a_page_from_elsewhere_is_no_developer() {
    let door = Door::new(Mode::Development);
    for (remote, origin, host) in [
        ("192.0.2.1:5000", None, Some("localhost:7800")),
        ("127.0.0.1:5000", Some("https://evil.test"), Some("localhost:7800")),
        ("127.0.0.1:5000", Some("http://evil.test:7800"), Some("evil.test:7800")),
        ("127.0.0.1:5000", Some("null"), Some("localhost:7800")),
        ("127.0.0.1:5000", None, Some("evil.test")),
    ] {
        let stranger = door.policy.connect(credentials(remote, origin, host)).await.ok().unwrap();
        assert_eq!(door.may(&stranger, "chat:x").await, (false, false), "{remote} {origin:?} {host:?}");
    }
    let unknown = Credentials { remote: None, ..credentials("127.0.0.1:1", None, None) };
    let stranger = door.policy.connect(unknown).await.ok().unwrap();
    assert_eq!(door.may(&stranger, "chat:x").await, (false, false));
}

#[tokio::test]
async fn where_nothing_is_for_anyone_an_anonymous_client_is_not_let_in() {
    let door = Door::of("[namespaces.chat]\nsubscribe = \"users\"\n", Mode::Production);
    let closing = door.policy.connect(credentials("127.0.0.1:1", None, None)).await.err().unwrap();
    assert_eq!(closing.code, CloseCode::Forbidden);
}

#[tokio::test]
async fn a_refresh_is_for_the_same_user() {
    let door = Door::new(Mode::Production);
    let ann = door.user("ann", "chat:a", "chat:a").await;
    let more = door.refresh(&ann, "ann", "chat:b").await.unwrap();
    assert_eq!(door.may(&more, "chat:a").await, (false, false));
    assert_eq!(door.may(&more, "chat:b").await, (true, true));
    assert_eq!(door.refresh(&ann, "bob", "chat:b").await.err(), Some(CloseCode::TokenInvalid));
    let nobody = door.anonymous().await;
    assert_eq!(door.refresh(&nobody, "bob", "chat:b").await.err(), Some(CloseCode::TokenInvalid));
}

#[tokio::test]
async fn an_identity_ends_with_its_token() {
    let door = Door::new(Mode::Production);
    let ann = door.user("ann", "chat:a", "chat:a").await;
    let left = ann.expires_at.unwrap().duration_since(SystemTime::now()).unwrap();
    assert!(left <= Duration::from_secs(600) && left > Duration::from_secs(590));
}

const CONFIG: &str = r#"
    [[keys]]
    algorithm = "HS256"
    secret = "a secret of the tests, long enough"
    [namespaces.open]
    subscribe = "anyone"
    publish = "anyone"
    [namespaces.news]
    subscribe = "anyone"
    [namespaces.users]
    subscribe = "users"
    publish = "users"
    [namespaces.chat]
"#;

struct Door {
    policy: ConfiguredPolicy,
}

impl Door {
    fn new(mode: Mode) -> Self {
        Self::of(CONFIG, mode)
    }

    fn of(config: &str, mode: Mode) -> Self {
        let mut config = Config::parse(config, "tidewire.toml", Path::new(""), &|_| None).unwrap();
        if mode == Mode::Development {
            config.open_to_this_machine();
        }
        Self { policy: ConfiguredPolicy { keys: config.keys, namespaces: config.settings.namespaces, mode } }
    }

    async fn anonymous(&self) -> Identity {
        self.policy.connect(credentials("192.0.2.1:1", None, None)).await.ok().unwrap()
    }

    async fn user(&self, user: &str, subscribe: &str, publish: &str) -> Identity {
        let token = Some(self.token(user, subscribe, publish));
        let credentials = Credentials { token, ..credentials("192.0.2.1:1", None, None) };
        self.policy.connect(credentials).await.ok().unwrap()
    }

    async fn refresh(&self, identity: &Identity, user: &str, pattern: &str) -> Result<Identity, CloseCode> {
        let token = Some(self.token(user, pattern, pattern));
        let credentials = Credentials { token, ..credentials("192.0.2.1:1", None, None) };
        self.policy.refresh(identity, credentials).await.map_err(|closing| closing.code)
    }

    /// Whether one may subscribe, and whether one may publish.
    async fn may(&self, identity: &Identity, channel: &str) -> (bool, bool) {
        let channel = channel.parse().unwrap();
        let subscribe = self.policy.subscribe(identity, &channel).await.is_ok();
        (subscribe, self.policy.publish(identity, &channel).await.is_ok())
    }

    fn token(&self, user: &str, subscribe: &str, publish: &str) -> String {
        let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(600);
        let grants = Grants {
            subscribe: vec![subscribe.parse().unwrap()],
            publish: vec![publish.parse().unwrap()],
            info: None,
        };
        let claims = Claims {
            sub: user.into(),
            exp: end.as_secs(),
            nbf: None,
            iss: None,
            aud: None,
            tidewire: grants,
        };
        self.policy.keys.iter().next().unwrap().sign(&claims).unwrap()
    }
}

fn credentials(remote: &str, origin: Option<&str>, host: Option<&str>) -> Credentials {
    let remote: SocketAddr = remote.parse().unwrap();
    Credentials {
        token: None,
        remote: Some(remote),
        origin: origin.map(str::to_owned),
        host: host.map(str::to_owned),
    }
}
