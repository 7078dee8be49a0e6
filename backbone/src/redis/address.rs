use std::fmt;
use std::str::FromStr;

mod bad;
mod host;
mod login;
mod several;

pub use bad::BadRedisAddress;
pub use host::RedisHost;
pub use login::RedisLogin;
pub use several::RedisAddresses;

/// Where one Redis is, whatever it is made of, and who may enter; printed without its passwords.
///
/// ```text
/// redis://[[user]:password@]host[:port][/database]
/// redis+sentinel://[[user]:password@]host[:port],host[:port]…/PRIMARY[?sentinel_user=…&sentinel_password=…&database=…]
/// redis+cluster://[[user]:password@]host[:port],host[:port]…
/// rediss://, rediss+sentinel://, rediss+cluster://    the same, over TLS
/// ```
/// User and passwords are percent-encoded where they have one of `@ / ? & %` or a space. Ports are 6379, and 26379
/// of Sentinels, where they are not given.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    /// What it is made of.
    pub topology: RedisTopology,
    /// Who we are to the servers that hold data.
    pub login: RedisLogin,
    /// Whether every link is encrypted, those to Sentinels too.
    pub tls: bool,
    /// Which database of the server; 0 in a cluster.
    pub database: u32,
}

/// What a Redis is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisTopology {
    /// One server, or an address that always leads to the primary.
    Standalone(RedisHost),
    /// A primary that Sentinels watch and replace.
    Sentinel {
        /// Where the Sentinels are: one at least.
        sentinels: Vec<RedisHost>,
        /// How they call the primary.
        primary: String,
        /// Who we are to them.
        login: RedisLogin,
    },
    /// A Redis Cluster, of which these servers are some: one at least.
    Cluster(Vec<RedisHost>),
}

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;

impl FromStr for RedisAddress {
    type Err = BadRedisAddress;

    fn from_str(text: &str) -> Result<Self, BadRedisAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(BadRedisAddress::NoScheme)?;
        let (kind, tls) = match scheme.strip_prefix("rediss") {
            Some(kind) => (kind, true),
            None => (scheme.strip_prefix("redis").unwrap_or("?"), false),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (login.parse()?, rest),
            None => (RedisLogin::default(), rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut query = Query::parse(query)?;
        let (topology, database) = match kind {
            "" => {
                if hosts.contains(',') {
                    return Err(BadRedisAddress::ManyHosts);
                }
                (RedisTopology::Standalone(RedisHost::parse(hosts, PORT)?), database(path)?)
            }
            "+sentinel" => {
                let login = RedisLogin {
                    user: query.take("sentinel_user"),
                    password: query.take("sentinel_password"),
                };
                let primary = login::decoded(path)?;
                if primary.is_empty() || primary.contains('/') {
                    return Err(BadRedisAddress::NoPrimaryName);
                }
                let sentinels = RedisHost::parse_some(hosts, SENTINEL_PORT)?;
                (
                    RedisTopology::Sentinel { sentinels, primary, login },
                    database(&query.take("database").unwrap_or_default())?,
                )
            }
            "+cluster" => {
                if database(path)? != 0 {
                    return Err(BadRedisAddress::ClusterDatabase);
                }
                (RedisTopology::Cluster(RedisHost::parse_some(hosts, PORT)?), 0)
            }
            _ => return Err(BadRedisAddress::UnknownScheme(scheme.to_owned())),
        };
        query.complain_of_the_rest()?;
        Ok(Self { topology, login, tls, database })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let login = if self.login == RedisLogin::default() { "" } else { "…@" };
        match &self.topology {
            RedisTopology::Standalone(host) => write!(f, "{scheme}://{login}{host}")?,
            RedisTopology::Sentinel { sentinels, primary, .. } => {
                return write!(f, "{scheme}+sentinel://{login}{}/{primary}", RedisHost::list(sentinels));
            }
            RedisTopology::Cluster(seeds) => {
                write!(f, "{scheme}+cluster://{login}{}", RedisHost::list(seeds))?
            }
        }
        match self.database {
            0 => Ok(()),
            database => write!(f, "/{database}"),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn database(text: &str) -> Result<u32, BadRedisAddress> {
    match text {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| BadRedisAddress::BadDatabase),
    }
}

/// What stands after the question mark.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Result<Self, BadRedisAddress> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((key.to_owned(), login::decoded(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.swap_remove(index).1)
    }

    fn complain_of_the_rest(self) -> Result<(), BadRedisAddress> {
        if self.0.is_empty() { Ok(()) } else { Err(BadRedisAddress::UnknownParameter) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_a_host_and_perhaps_a_port_a_login_and_a_database() {
        let plain = parsed("redis://redis.test");
        assert_eq!(plain.topology, RedisTopology::Standalone(host("redis.test", 6379)));
        assert_eq!((plain.login, plain.tls, plain.database), (RedisLogin::default(), false, 0));
        let full = parsed("rediss://ann:p%40s%2Fs@10.0.0.1:7000/3");
        assert_eq!(full.topology, RedisTopology::Standalone(host("10.0.0.1", 7000)));
        assert_eq!((full.login, full.tls, full.database), (login("ann", "p@s/s"), true, 3));
        let only_a_password = parsed("redis://:secret@[::1]:7000/");
        assert_eq!(only_a_password.topology, RedisTopology::Standalone(host("::1", 7000)));
        assert_eq!(only_a_password.login, RedisLogin { user: None, password: Some("secret".into()) });
    }

    #[test]
    fn sentinels_have_the_primarys_name_and_a_login_of_their_own() {
        let address = parsed(
            "redis+sentinel://ann:a@s1,s2:7001/main?sentinel_user=watch&sentinel_password=b%26&database=2",
        );
        let sentinels = vec![host("s1", 26_379), host("s2", 7001)];
        let expected =
            RedisTopology::Sentinel { sentinels, primary: "main".into(), login: login("watch", "b&") };
        assert_eq!((address.topology, address.login, address.database), (expected, login("ann", "a"), 2));
        assert!(parsed("rediss+sentinel://s1/main").tls);
    }

    #[test]
    fn a_cluster_has_some_of_its_servers() {
        let address = parsed("rediss+cluster://:secret@a:1,b");
        assert_eq!(address.topology, RedisTopology::Cluster(vec![host("a", 1), host("b", 6379)]));
        assert!(address.tls);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        for (text, advice) in [
            ("redis.test:6379", "redis://HOST:PORT"),
            ("http://redis.test", "redis+sentinel://"),
            ("redis+sentinels://a/b", "redis+sentinel://"),
            ("redis://", "host"),
            ("redis://:6379", "host"),
            ("redis://a:port", "from 1 to 65535"),
            ("redis://a:0", "from 1 to 65535"),
            ("redis://a,b", "separated by spaces"),
            ("redis://ann@a", "USER:PASSWORD@"),
            ("redis://a/main", "redis://HOST:PORT/0"),
            ("redis+sentinel://a,b", "/NAME"),
            ("redis+sentinel://a,,b/main", "host"),
            ("redis+cluster://a,b/1", "only database 0"),
            ("redis://a?timeout=3", "sentinel_user"),
            ("redis://ann:%ff@a", "UTF-8"),
        ] {
            let error = text.parse::<RedisAddress>().expect_err(text).to_string();
            assert!(error.contains(advice), "{text}: {error}");
        }
    }

    #[test]
    fn no_password_is_ever_printed() {
        for text in [
            "redis://ann:hunter2@redis.test:6379/1",
            "redis+sentinel://:hunter2@s1:1,s2:2/main?sentinel_user=w&sentinel_password=hunter2",
            "rediss+cluster://ann:hunter2@a:1,b:2",
        ] {
            let address = parsed(text);
            let printed = format!("{address} {address:?} {:?} {:?}", address.login, address.topology);
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        assert_eq!(parsed("redis://ann:hunter2@redis.test/1").to_string(), "redis://…@redis.test:6379/1");
        for text in [
            "http://ann:hunter2@a",
            "redis://ann:hunter2@a:b",
            "redis://ann:hunter2",
            "redis://a/hunter2",
            "redis://ann:a?hunter2@a",
            "ann:hunter2@a",
        ] {
            let error = text.parse::<RedisAddress>().expect_err(text);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn several_addresses_are_several_independent_servers() {
        let addresses: RedisAddresses = " redis://a  redis+cluster://b ".parse().unwrap();
        assert_eq!(addresses.shards(), [parsed("redis://a"), parsed("redis+cluster://b")]);
        assert_eq!(addresses.to_string(), "redis://a:6379 redis+cluster://b:6379");
        assert_eq!("".parse::<RedisAddresses>(), Err(BadRedisAddress::NoScheme));
        assert_eq!(
            "redis://a redis://a:6379".parse::<RedisAddresses>(),
            Err(BadRedisAddress::Twice("redis://a:6379".into()))
        );
    }

    fn parsed(text: &str) -> RedisAddress {
        text.parse().unwrap()
    }

    fn host(name: &str, port: u16) -> RedisHost {
        RedisHost { name: name.to_owned(), port }
    }

    fn login(user: &str, password: &str) -> RedisLogin {
        RedisLogin { user: Some(user.to_owned()), password: Some(password.to_owned()) }
    }
}
