use std::fmt;

use super::BadRedisAddress;

/// A server of a Redis.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedisHost {
    /// Its name, or its IP address.
    pub name: String,
    /// Its port.
    pub port: u16,
}

impl RedisHost {
    /// Reads `host`, `host:port` or `[ipv6]:port`.
    pub(super) fn parse(text: &str, default_port: u16) -> Result<Self, BadRedisAddress> {
        let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => (name, rest.strip_prefix(':').filter(|port| !port.is_empty())),
            None => match text.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            },
        };
        if name.is_empty() {
            return Err(BadRedisAddress::NoHost);
        }
        let port = match port {
            None => default_port,
            Some(digits) => match digits.parse() {
                Ok(port) if port != 0 => port,
                _ => return Err(BadRedisAddress::BadPort),
            },
        };
        Ok(Self { name: name.to_owned(), port })
    }

    /// Reads hosts between commas.
    pub(super) fn parse_some(text: &str, default_port: u16) -> Result<Vec<Self>, BadRedisAddress> {
        text.split(',').map(|host| Self::parse(host, default_port)).collect()
    }

    pub(super) fn list(hosts: &[Self]) -> String {
        hosts.iter().map(Self::to_string).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for RedisHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}
