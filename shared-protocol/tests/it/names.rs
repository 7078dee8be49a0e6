//! Channel names, publishers and ids have one spelling each; a token is not spelled out.

use proptest::prelude::*;
use tidewire_protocol::{BadChannelName, ChannelName, Hello, PublicationId, PublisherId, Refresh, RequestId};

use crate::any;

fn refusal(name: &str) -> BadChannelName {
    name.parse::<ChannelName>().expect_err(name)
}

#[test]
fn a_channel_name_has_a_namespace_and_a_rest() {
    for name in
        ["chat:lobby", "a:b", "my-app_2:room/1:msgs", "n:~.!$&'()+,;=%@-_", &format!("{}:x", "n".repeat(64))]
    {
        let channel: ChannelName = name.parse().unwrap();
        assert_eq!(channel.to_string(), name);
        assert_eq!(channel.namespace(), name.split(':').next().unwrap());
    }
}

#[test]
fn what_is_no_channel_name_is_told_why() {
    for name in ["", "chat", "chat:", ":lobby", ":"] {
        assert_eq!(refusal(name), BadChannelName::NoNamespace, "{name}");
    }
    for name in ["Chat:a", "ch at:a", "chät:a", "{chat}:a", "chat.eu:a", &format!("{}:x", "n".repeat(65))] {
        assert_eq!(refusal(name), BadChannelName::Namespace, "{name}");
    }
    // A pattern's `*`, a template's and a Redis hash tag's braces, and what ends a line or a URL's path.
    for rest in ["*", "a*", "{room}", "a b", "a\nb", "a\0", "größe", "a?b", "a#b", "a\\b", "a\"b"] {
        assert_eq!(refusal(&format!("chat:{rest}")), BadChannelName::Character, "{rest}");
    }
}

#[test]
fn a_channel_name_may_be_200_bytes_long_and_no_longer() {
    let longest = format!("chat:{}", "x".repeat(195));
    assert!(longest.parse::<ChannelName>().is_ok());
    assert_eq!(refusal(&format!("{longest}x")), BadChannelName::TooLong);
}

#[test]
fn an_id_or_a_publisher_has_lower_case_digits_and_all_of_them() {
    for text in [
        "",
        "0123456789abcde",
        "0123456789abcdef0",
        "0123456789ABCDEF",
        "+123456789abcdef",
        "0123456789abcdeg",
    ] {
        assert!(text.parse::<PublisherId>().is_err(), "{text}");
    }
    for text in ["", "0123456", "012345678", "0123456G", "+1234567", "ABCDEF01"] {
        assert!(text.parse::<PublicationId>().is_err(), "{text}");
    }
}

#[test]
fn no_debug_output_has_a_token_in_it() {
    let token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln".to_owned();
    let hello =
        Hello { sdk: "web/0.1".into(), token: Some(token.clone()), publisher: None, features: vec![] };
    let refresh = Refresh { id: RequestId(1), token };
    assert_eq!(
        format!("{hello:?} {refresh:?}"),
        "Hello { sdk: \"web/0.1\", token: …, publisher: None, features: [] } Refresh { id: RequestId(1), token: … }"
    );
}

proptest! {
    #[test]
    fn names_parse_back(channel in any::channel(), publisher in any::publisher(), id in any::<u32>()) {
        prop_assert_eq!(channel.as_str().parse(), Ok(channel.clone()));
        prop_assert!(channel.as_str().starts_with(channel.namespace()));
        prop_assert_eq!(publisher.to_string().parse(), Ok(publisher));
        let id = PublicationId(id);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in any::<String>()) {
        if let Ok(channel) = text.parse::<ChannelName>() {
            prop_assert_eq!(channel.as_str(), &text);
        }
        prop_assert!(text.parse::<PublisherId>().is_err() || text.len() == 16);
    }
}
