//! What a configuration file may say, and how its mistakes are told.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use tidewire_backbone::Retention;
use tidewire_server::Access;
use tidewire_server::config::{BackboneAddress, Config, LogFormat, MetricsAt, Mistakes};
use tidewire_server::origin::WithoutOrigin;

#[test]
fn an_empty_file_is_a_good_configuration_that_allows_nothing() {
    let config = parse("").unwrap();
    assert!(config.keys.is_empty() && config.api_keys.is_empty());
    assert!(config.settings.namespaces.named.is_empty() && config.settings.namespaces.others.is_none());
    assert!(config.origins.judge(Some("https://example.org")).is_err());
}

#[test]
fn every_key_of_the_documentation_is_read() {
    let (_, after) = DOCUMENTATION.split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    let config = parse(example).unwrap_or_else(|mistakes| panic!("{mistakes}"));

    assert_eq!(config.listen, Some("0.0.0.0:7800".parse().unwrap()));
    assert_eq!(config.backbone, Some("redis://127.0.0.1:6379".parse::<BackboneAddress>().unwrap()));
    assert_eq!(config.settings.drain.within, Duration::from_secs(30));
    assert_eq!(config.settings.node, "eu-1");
    assert_eq!(config.settings.limits.connections, 100_000);
    assert_eq!(config.origins.allow, ["https://example.org", "http://localhost:4200"]);
    assert_eq!(config.origins.without, WithoutOrigin::Allow);
    assert_eq!(config.keys.iter().count(), 2);
    assert_eq!(config.metrics, Some(MetricsAt::Own("127.0.0.1:9464".parse().unwrap())));
    assert_eq!(config.log, LogFormat::Json);
    assert!(config.api_keys[0].is(&variable("TIDEWIRE_API_KEY").unwrap()));
    assert!(!config.api_keys[0].is("another key of that length"));
    assert_eq!(config.api_keys[0].name, "backend");
    let admins: Vec<_> = config.api_keys.iter().filter(|key| key.admin).map(|key| &key.name).collect();
    assert_eq!(admins, ["operators"]);
}

#[test]
fn several_independent_servers_are_a_list() {
    let config = parse("[server]\nbackbone = [\"redis://a:1\", \"redis+cluster://b,c\"]").unwrap();
    assert_eq!(config.backbone, Some("redis://a:1 redis+cluster://b,c".parse::<BackboneAddress>().unwrap()));
}

#[test]
fn a_client_certificate_without_its_key_is_no_identity() {
    let mistakes = parse("[redis]\ncertificate_file = \"tests/tokens.rs\"").unwrap_err();
    let said = mistakes.list.iter().any(|mistake| mistake.message.contains("needs `redis.key_file`"));
    assert!(said, "{mistakes}");
}

#[test]
fn the_configuration_of_the_readme_is_good() {
    let (_, after) = include_str!("../../../README.md").split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    let config = parse(example).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert!(config.settings.namespaces.named.contains_key("chat"));
}

#[test]
fn each_key_that_is_known_is_documented() {
    let tables = [
        "[server]",
        "[limits]",
        "[origins]",
        "[redis]",
        "[metrics]",
        "[log]",
        "[[keys]]",
        "[[api_keys]]",
        "[namespaces.x]",
    ];
    for table in tables {
        let mistakes = parse(&format!("{table}\n\"?\" = 1\n")).unwrap_err();
        let known = mistakes.list.iter().find_map(|mistake| mistake.advice.strip_prefix("known are "));
        for key in known.unwrap().split(", ") {
            assert!(DOCUMENTATION.contains(key), "{key} of {table} is not in docs/configuration.md");
        }
    }
}

#[test]
fn a_namespace_keeps_and_allows_what_it_says() {
    let config = parse(
        r#"
        [namespaces.chat]
        retention = { entries = 1000, bytes = "1MiB", age = "1h30m" }
        dedup = "20m"
        payload_bytes = "4KiB"
        subscribe = "anyone"
        publish = "users"
        acks = "replica"

        [namespaces.cursors]
        retention = "none"
        "#,
    )
    .unwrap();
    let chat = &config.settings.namespaces.named["chat"];
    let kept = Retention::Log {
        entries: 1000,
        bytes: 1 << 20,
        age: Duration::from_secs(5400),
        dedup: Duration::from_secs(1200),
    };
    assert_eq!(chat.retention, kept);
    assert_eq!((chat.payload_bytes, chat.subscribe, chat.publish), (4096, Access::Anyone, Access::Users));
    assert_eq!(config.settings.namespaces.replicated().collect::<Vec<_>>(), ["chat"]);
    let cursors = &config.settings.namespaces.named["cursors"];
    assert_eq!(cursors.retention, Retention::None);
    assert_eq!((cursors.subscribe, cursors.publish), (Access::Granted, Access::Granted));
}

#[test]
fn clients_are_told_the_shortest_dedup_of_all_namespaces() {
    let config = parse("[namespaces.a]\ndedup = \"5m\"\n[namespaces.b]\ndedup = \"1h\"\n").unwrap();
    assert_eq!(config.settings.dedup, Duration::from_secs(300));
    let config = parse("[namespaces.b]\ndedup = \"1h\"\n[namespaces.c]\nretention = \"none\"\n").unwrap();
    assert_eq!(config.settings.dedup, Duration::from_secs(600));
}

#[test]
fn two_api_keys_cannot_have_one_name() {
    let key = "[[api_keys]]\nname = \"a\"\nkey = \"0123456789abcdef\"\n";
    let mistakes = parse(&key.repeat(2)).unwrap_err();
    assert_eq!(mistakes.list[0].message, "two API keys have the name \"a\"");
}

#[test]
fn a_mistake_is_shown_at_its_place_with_what_would_be_right() {
    let text = "[namespaces.chat]\n  retension = \"none\"\n";
    let shown = parse(text).unwrap_err().to_string();
    assert_eq!(
        shown,
        "tidewire.toml:2:3: unknown key `retension` in [namespaces.chat]\n\
         \x20 |\n\
         2 |   retension = \"none\"\n\
         \x20 |   ^^^^^^^^^ did you mean `retention`?"
    );
}

#[test]
fn mistakes_are_told_all_at_once_in_the_order_of_the_file() {
    let mistakes = parse("[server]\nlisten = 7800\n[limits]\nframes = 3\n[sever]\n").unwrap_err();
    let lines: Vec<_> = mistakes.list.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [2, 4, 5]);
}

#[test]
fn each_kind_of_mistake_has_its_advice() {
    for (text, message, advice) in [
        ("[sever]", "unknown key `sever` here", "did you mean `server`?"),
        ("listen = \"x\"", "unknown key `listen` here", "known are `server`, `limits`"),
        ("server = 1", "`server` cannot be a number", "a table, [server]"),
        ("[server]\nlisten = 7800", "`server.listen` cannot be a number", "a text in quotes"),
        (
            "[server]\nlisten = \"localhost\"",
            "`server.listen`: \"localhost\" is no address",
            "for example \"0.0.0.0:7800\"",
        ),
        (
            "[server]\nbackbone = \"kafka://x\"",
            "kafka:// is no Redis",
            "for example \"redis://127.0.0.1:6379\"",
        ),
        (
            "[server]\nbackbone = [\"redis://a\", \"memory\"]",
            "an address begins with its kind",
            "for example [\"redis://127.0.0.1:6379\"]",
        ),
        (
            "[server]\nbackbone = [\"redis://a\", \"redis://a\"]",
            "redis://a:6379 is there twice",
            "for example [\"redis://127.0.0.1:6379\"]",
        ),
        (
            "[namespaces.x]\nretention = \"none\"\nacks = \"replica\"",
            "has nothing that a replica could keep",
            "leave `acks` out",
        ),
        ("[redis]\nprefix = \"a b\"", "a prefix has 1 to 64 letters", "for example \"staging:\""),
        ("[server]\ndrain = 20", "`server.drain` cannot be a number", "\"30s\""),
        ("[server]\ndrain = \"20\"", "is no duration", "\"30s\""),
        ("[server]\ndrain = \"2h\"", "`server.drain` cannot be \"2h\"", "from 0ns to 3600s"),
        ("[server]\nnode = \"a b\"", "a node's name has", "\"eu-1\""),
        (
            "[limits]\nframes_per_second = 0",
            "`limits.frames_per_second` is out of range",
            "from 1 to 4294967295",
        ),
        ("[limits]\nframes_per_second = -1", "`limits.frames_per_second` is out of range", "from 1"),
        ("[limits]\nframes_per_second = \"10\"", "cannot be a text", "a whole number"),
        ("[limits]\nmessage_bytes = \"64kb\"", "is no size", "\"64KiB\""),
        ("[origins]\nallow = \"*\"", "`origins.allow` cannot be a text", "a list"),
        ("[origins]\nallow = [\"https://x/\"]", "is no origin", "for example"),
        ("[origins]\nwithout = \"no\"", "cannot be \"no\"", "use \"allow\" or \"refuse\""),
        ("[namespaces.Chat]", "\"Chat\" is no namespace", "a-z 0-9 - _"),
        ("[namespaces]\nchat = 1", "`namespaces.chat` must be a table", "begin it with [namespaces.chat]"),
        (
            "[namespaces.c]\nretention = \"never\"",
            "neither \"none\" nor a table",
            "use \"none\" or { entries",
        ),
        (
            "[namespaces.c]\nretention = { age = 5 }",
            "`namespaces.c.retention.age` cannot be a number",
            "\"5m\"",
        ),
        (
            "[namespaces.c]\nsubscribe = \"nobody\"",
            "cannot be \"nobody\"",
            "\"granted\" or \"users\" or \"anyone\"",
        ),
        (
            "[namespaces.c]\npayload_bytes = \"1GiB\"",
            "`namespaces.c.payload_bytes` is out of range",
            "to 65536",
        ),
        ("[namespaces.c]\ndedup = \"1m\"", "`namespaces.c.dedup` cannot be", "from 120s"),
        ("[metrics]\nlisten = \"here\"", "neither \"main\" nor \"off\"", "for example"),
        ("[keys]", "`keys` cannot be a table", "each begun by [[keys]]"),
        ("[[keys]]", "`algorithm` is missing", "use HS256"),
        ("[[keys]]\nalgorithm = \"none\"", "cannot be \"none\"", "\"HS256\" or \"RS256\""),
        ("[[keys]]\nalgorithm = \"HS256\"", "`secret` is missing", "`secret`, `secret_env`, `secret_file`"),
        (
            "[[keys]]\nalgorithm = \"HS256\"\nsecret = \"short\"",
            "at least 32 bytes, this one has 5",
            "openssl rand",
        ),
        ("[[keys]]\nalgorithm = \"HS256\"\nsecret_env = \"NONE\"", "no variable NONE", "set it"),
        ("[[keys]]\nalgorithm = \"HS256\"\nsecret = \"x\"\nsecret_file = \"y\"", "given twice", "keep one"),
        (
            "[[keys]]\nalgorithm = \"HS256\"\npublic_key_file = \"x\"",
            "unknown key `public_key_file`",
            "known are",
        ),
        ("[[keys]]\nalgorithm = \"RS256\"\npublic_key_file = \"none.pem\"", "cannot be read", "directory"),
        ("[[keys]]\nalgorithm = \"RS256\"\npublic_key_file = \"rs256.pem\"", "a private key", "-pubout"),
        (
            "[[keys]]\nalgorithm = \"ES256\"\npublic_key_file = \"rs256.pub.pem\"",
            "no ES256 public key",
            "`algorithm`",
        ),
        ("[[keys]]\nalgorithm = \"ES256\"\npublic_key_file = \"es384.pub.pem\"", "curve", "P-256"),
        ("[[keys]]\nalgorithm = \"RS256\"\npublic_key_file = \"rs256-short.pub.pem\"", "2048", "3072"),
        ("[[api_keys]]\nkey = \"0123456789abcdef\"", "`name` is missing", "name ="),
        ("[[api_keys]]\nname = \"a\"\nkey = \"short\"", "at least 16 characters", "openssl rand"),
        (
            "[[api_keys]]\nname = \"a\"\nkey = \"0123456789abcdef\"\nadmin = \"yes\"",
            "`api_keys.admin` cannot be a text",
            "it is true or false",
        ),
        ("[server]\nconnection_age = \"5s\"", "`server.connection_age` cannot be", "from 60s"),
        ("[[api_keys]]\nname = \"a\"\nkey_sha256 = \"abc\"", "64 hexadecimal digits", "sha256sum"),
        (
            "[[api_keys]]\nname = \"a\"\nkey = \"0123456789abcdef\"\npublish = [\"*x\"]",
            "no channel pattern",
            "\"chat:*\"",
        ),
        (
            "[namespaces.c]\nsubscribe = true",
            "`namespaces.c.subscribe` cannot be true or false",
            "use \"granted\"",
        ),
        ("x = ", "string values must be quoted", "put texts in quotes"),
        ("[server]\nlisten = 0.0.0.0:7800", "invalid float", "put texts in quotes"),
        ("[server]\nlisten: \"x\"", "invalid unquoted key", "stands ="),
        ("[server]\nnode = \"a\"\nnode = \"b\"", "duplicate key", "keep one"),
        ("[server", "unclosed table", "close it"),
    ] {
        let mistakes = parse(text).expect_err(text);
        let first = mistakes.list.iter().find(|mistake| mistake.message.contains(message));
        let first = first.unwrap_or_else(|| panic!("{text:?} has another mistake:\n{mistakes}"));
        assert!(first.advice.contains(advice), "{text:?} has other advice:\n{mistakes}");
    }
}

#[test]
fn a_mistake_shows_no_secret() {
    for text in [
        "[[keys]]\nalgorithm = \"HS256\"\nsecret = \"hunter2\"\n",
        "[[keys]]\nalgorithm = \"HS256\"\n \"secret\"= \"hunter2\"\n",
        "[[keys]]\nalgorithm = \"HS256\"\nsecret = \"hunter2\n",
        "keys = [{ algorithm = \"HS256\", secret = \"hunter2\" }]",
        "keys = [{ secret = \"hunter2hunter2hunter2hunter2hunter2\", algorithm = \"none\" }]",
        "[[api_keys]]\nname = \"a\"\nkey = \"hunter2\"",
        "[server]\nbackbone = \"redissss://:hunter2@redis.test\"",
    ] {
        let shown = parse(text).expect_err(text).to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn mistakes_beside_letters_of_many_bytes_have_the_right_column() {
    let mistakes = parse("[origins]\nallow = [\"https://ö.test\", 7]\n").unwrap_err();
    let seven = mistakes.list.iter().find(|mistake| mistake.message.contains("integer")).unwrap();
    assert_eq!((seven.line, seven.column), (2, 28));
}

#[test]
fn localhost_is_an_address_too() {
    let config = parse("[server]\nlisten = \"localhost:7800\"\n").unwrap();
    assert_eq!(config.listen, Some("127.0.0.1:7800".parse().unwrap()));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = parse(&text).map_err(|mistakes| mistakes.to_string());
    }

    #[test]
    fn no_damage_to_a_good_file_makes_it_panic(cut in 0..2000_usize, length in 0..40_usize, put in "[\\PC\n]{0,12}") {
        let (_, after) = DOCUMENTATION.split_once("```toml\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let characters: Vec<char> = example.chars().collect();
        let cut = cut % characters.len();
        let end = (cut + length).min(characters.len());
        let text: String = characters[..cut].iter().copied().chain(put.chars()).chain(characters[end..].iter().copied()).collect();
        if let Err(mistakes) = parse(&text) {
            prop_assert!(!mistakes.list.is_empty());
            prop_assert!(mistakes.to_string().starts_with("tidewire.toml:"));
        }
    }
}

const DOCUMENTATION: &str = include_str!("../../../docs/configuration.md");

fn parse(text: &str) -> Result<Config, Mistakes> {
    let keys = format!("{}/tests/keys", env!("CARGO_MANIFEST_DIR"));
    Config::parse(text, "tidewire.toml", Path::new(&keys), &variable)
}

fn variable(name: &str) -> Option<String> {
    match name {
        "TIDEWIRE_SECRET" => Some("a secret of the tests, long enough".to_owned()),
        "TIDEWIRE_API_KEY" => Some("an API key of the tests".to_owned()),
        "TIDEWIRE_ADMIN_KEY" => Some("an operator's key of the tests".to_owned()),
        _ => None,
    }
}
