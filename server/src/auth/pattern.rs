use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidewire_protocol::ChannelName;

/// Which channels a grant speaks of: one by its name, or all with a prefix, written with a `*` at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `chat:lobby`
    Exact(ChannelName),
    /// `chat:*`, or `*` for all
    Prefix(String),
}

impl Pattern {
    /// Whether the grant speaks of this channel.
    pub fn covers(&self, channel: &ChannelName) -> bool {
        match self {
            Self::Exact(name) => name == channel,
            Self::Prefix(prefix) => channel.as_str().starts_with(prefix),
        }
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no channel pattern; write a channel's name, or a prefix of one with * at its end")]
pub struct BadPattern(String);

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern(text.to_owned());
        let Some(prefix) = text.strip_suffix('*') else {
            return text.parse().map(Self::Exact).map_err(|_| bad());
        };
        // A prefix is good where some channel's name begins with it.
        let completed = match prefix.contains(':') {
            true => format!("{prefix}x"),
            false => format!("{prefix}x:x"),
        };
        match completed.parse::<ChannelName>() {
            Ok(_) => Ok(Self::Prefix(prefix.to_owned())),
            Err(_) => Err(bad()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => name.fmt(f),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, channel: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().covers(&channel.parse().unwrap())
    }

    #[test]
    fn a_name_covers_itself_alone() {
        assert!(covers("chat:lobby", "chat:lobby"));
        assert!(!covers("chat:lobby", "chat:lobby2"));
    }

    #[test]
    fn a_star_at_the_end_covers_what_begins_alike() {
        assert!(covers("chat:*", "chat:lobby"));
        assert!(covers("chat:team-*", "chat:team-7"));
        assert!(covers("*", "news:today"));
        assert!(!covers("chat:*", "chatter:lobby"));
    }

    #[test]
    fn a_star_elsewhere_is_refused() {
        for text in ["chat:*:x", "*chat:", "**", "", "chat", "chat:", "CHAT:*", "chat: *"] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
    }
}
