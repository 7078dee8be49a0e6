//! The commands of the binary `tidewire` that answer and end.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tidewire_server::auth::TokenKeys;
use tidewire_server::config::Config;

use crate::binary::{CONFIG, Folder, stderr, stdout, tidewire};

#[tokio::test]
async fn a_good_configuration_is_summed_up() {
    let folder = Folder::with(CONFIG);
    let output = tidewire(&["check-config", &folder.config()]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).ends_with("is good: 1 namespace, 1 token key, 1 API key, no allowed origins\n"));
}

#[tokio::test]
async fn a_summary_says_how_many_keys_may_drain_the_node() {
    let admin = "[[api_keys]]\nname = \"operators\"\nkey = \"the key of the operators\"\nadmin = true\n";
    let folder = Folder::with(&format!("{CONFIG}\n{admin}"));
    let output = tidewire(&["check-config", &folder.config()]).await;
    assert!(stdout(&output).contains(", 2 API keys (1 admin), "), "{}", stdout(&output));
}

#[tokio::test]
async fn a_mistaken_configuration_is_explained_and_exits_with_2() {
    let folder = Folder::with("[server]\nlisten = 7800\n");
    for arguments in [["check-config", &folder.config()], ["serve", &format!("--config={}", folder.config())]]
    {
        let output = tidewire(&arguments).await;
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains("tidewire.toml:2:10: `server.listen` cannot be a number"), "{said}");
        assert!(said.ends_with("has 1 mistake\n"), "{said}");
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_said_to_be_missing() {
    let output = tidewire(&["check-config", "nowhere.toml"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: nowhere.toml cannot be read: "));
}

#[tokio::test]
async fn a_minted_token_is_accepted_by_the_configuration_that_minted_it() {
    let folder = Folder::with(CONFIG);
    let arguments = ["--sub", "ann", "--subscribe", "chat:*", "--publish", "chat:lobby", "--expires", "30m"];
    let output = tidewire(&[&["token", "--config", &folder.config()], &arguments[..]].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let config = Config::read(Path::new(&folder.config())).unwrap();
    let now = SystemTime::now();
    let claims = config.keys.verify(stdout(&output).trim(), now).unwrap();
    assert_eq!(claims.sub, "ann");
    assert!(claims.tidewire.may_subscribe(&"chat:x".parse().unwrap()));
    assert!(!claims.tidewire.may_publish(&"chat:x".parse().unwrap()));
    assert!(config.keys.verify(stdout(&output).trim(), now + Duration::from_secs(29 * 60)).is_ok());
    assert!(config.keys.verify(stdout(&output).trim(), now + Duration::from_secs(31 * 60)).is_err());
}

#[tokio::test]
async fn a_token_of_a_key_pair_is_signed_with_its_private_half_only() {
    let keys = format!("{}/tests/keys", env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::with(&format!(
        "[[keys]]\nalgorithm = \"ES256\"\npublic_key_file = \"{keys}/es256.pub.pem\"\n"
    ));
    let token = async |private: Option<&str>| {
        let private = private.map(|file| format!("--private-key={keys}/{file}"));
        let config = format!("--config={}", folder.config());
        let arguments = ["token", &config, "--sub=ann"];
        tidewire(&arguments.into_iter().chain(private.as_deref()).collect::<Vec<_>>()).await
    };
    let without = token(None).await;
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("--private-key FILE"));
    assert!(stderr(&token(Some("es256-foreign.pem")).await).contains("is the private half of no key"));
    let minted = token(Some("es256.pem")).await;
    let config: TokenKeys = Config::read(Path::new(&folder.config())).unwrap().keys;
    assert!(config.verify(stdout(&minted).trim(), SystemTime::now()).is_ok());
}
