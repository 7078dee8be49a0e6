use std::fmt;

use tidewire_protocol::ChannelName;

/// How the channels of a namespace are named, parameters in braces: `chat:{team}/{room}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// Why a text is no pattern of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// It begins with another namespace, or none.
    #[error("a pattern begins with its namespace and a colon")]
    Namespace,
    /// A brace without its other half, or a name that TypeScript would not take.
    #[error("a parameter is a name of letters, digits and _ in braces, as {{room}}")]
    Parameter,
    /// No channel can be named so.
    #[error("with its parameters filled in it is no channel name")]
    Name,
}

impl Pattern {
    /// Checks a pattern of a namespace.
    ///
    /// # Errors
    /// Where no channel of the namespace can have such a name.
    pub fn new(namespace: &str, text: &str) -> Result<Self, BadPattern> {
        let rest = text.strip_prefix(namespace).and_then(|rest| rest.strip_prefix(':'));
        let mut rest = rest.ok_or(BadPattern::Namespace)?;
        let mut filled = format!("{namespace}:");
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(BadPattern::Parameter)?;
            let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || before.contains('}') {
                return Err(BadPattern::Parameter);
            }
            filled.extend([before, "x"]);
            rest = after;
        }
        if rest.contains('}') {
            return Err(BadPattern::Parameter);
        }
        filled.push_str(rest);
        // A channel name may have a quote; the text between two of them in TypeScript may not.
        match filled.parse::<ChannelName>().is_ok() && !filled.contains('\'') {
            true => Ok(Self(text.to_owned())),
            false => Err(BadPattern::Name),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_its_namespace_and_named_parameters() {
        for good in ["chat:lobby", "chat:{room}", "chat:{team}/{room_2}", "chat:v1.{room}"] {
            assert!(Pattern::new("chat", good).is_ok(), "{good}");
        }
        let cases = [
            ("news:{id}", BadPattern::Namespace),
            ("chat", BadPattern::Namespace),
            ("chat:{room", BadPattern::Parameter),
            ("chat:room}", BadPattern::Parameter),
            ("chat:{}", BadPattern::Parameter),
            ("chat:{a-b}", BadPattern::Parameter),
            ("chat:{2}", BadPattern::Parameter),
            ("chat:", BadPattern::Name),
            ("chat:a b", BadPattern::Name),
            ("chat:it's", BadPattern::Name),
        ];
        for (bad, why) in cases {
            assert_eq!(Pattern::new("chat", bad), Err(why), "{bad}");
        }
    }
}
