//! The first words with a server: whether it will do, and who it is.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};

use super::trouble::Trouble;

/// What a link expects at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A primary by itself, or one that Sentinels watch.
    Standalone,
    /// A primary of a cluster.
    OfCluster,
}

/// What a server says of itself, in `INFO`; where that is forbidden, nothing can be said.
#[derive(Debug, Default)]
pub(super) struct About(String);

/// A branch of a server's history: another after each restart, promotion and full copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch(String);

/// Connects to a server, and sees whether it is what it should be.
pub(super) async fn connect(
    client: &Client,
    config: &AsyncConnectionConfig,
    kind: Kind,
) -> Result<(MultiplexedConnection, About), Trouble> {
    let mut connection = client.get_multiplexed_async_connection_with_config(config).await?;
    let about = ask(&mut connection, &["default"]).await?;
    about.judge(kind)?;
    Ok((connection, about))
}

/// Deadlines for a connection and its answers.
pub(super) fn deadlines(timeout: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(timeout)).set_response_timeout(Some(timeout))
}

/// Asks a server about itself; each answer shows that it is there.
pub(super) async fn ask(connection: &mut MultiplexedConnection, sections: &[&str]) -> Result<About, Trouble> {
    match redis::cmd("INFO").arg(sections).query_async::<String>(connection).await {
        Ok(info) => Ok(About(info)),
        Err(error) if error.code() == Some("NOPERM") => Ok(About::default()),
        Err(error) => Err(error.into()),
    }
}

impl About {
    fn word(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    fn number(&self, name: &str) -> u64 {
        self.word(name).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// Which branch of history the server is on; `None` where it does not say.
    pub(super) fn branch(&self) -> Option<Branch> {
        Some(Branch(format!("{} {}", self.word("run_id")?, self.word("master_replid")?)))
    }

    pub(super) fn is_replica(&self) -> bool {
        self.word("role") == Some("slave")
    }

    fn judge(&self, kind: Kind) -> Result<(), Trouble> {
        let wrong = |text: &str| Err(Trouble::Misconfigured(text.to_owned()));
        let version = self.word("redis_version").unwrap_or("7.0.0");
        if version
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok())
            .is_some_and(|major| major < 7)
        {
            return wrong(&format!("Redis 7.0 or later is needed, or Valkey; this one is {version}"));
        }
        match (self.word("redis_mode"), kind) {
            (Some("sentinel"), _) => {
                return wrong("this is a Sentinel: redis+sentinel://HOST:PORT,HOST:PORT/NAME");
            }
            (Some("cluster"), Kind::Standalone) => {
                return wrong("this server is part of a Redis Cluster: redis+cluster://HOST:PORT,HOST:PORT");
            }
            (Some("standalone"), Kind::OfCluster) => {
                return wrong(
                    "this server is not part of a Redis Cluster: redis://HOST:PORT, or cluster-enabled yes",
                );
            }
            _ => {}
        }
        if self.is_replica() {
            return Err(Trouble::Passing("this Redis is a replica; its primary is needed".to_owned()));
        }
        Ok(())
    }

    /// What somebody should know who relies on this server.
    pub(super) fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        let policy = self.word("maxmemory_policy").unwrap_or("noeviction");
        if self.number("maxmemory") > 0 && policy != "noeviction" {
            advice.push(format!(
                "maxmemory-policy is {policy}: when this Redis is full it evicts logs and publishers, which all \
                 expire. Subscribers are then reset and repeated publishes taken twice; set it to noeviction"
            ));
        }
        if self.number("connected_slaves") > 0 && self.word("min_slaves_good_slaves").is_none() {
            advice.push(
                "this Redis has replicas, and min-replicas-to-write is 0: a primary that is cut off from them takes \
                 publishes which its successor will not have; set it to 1"
                    .to_owned(),
            );
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_will_not_do_now_but_may_later() {
        assert!(matches!(judged("role:slave"), Err(Trouble::Passing(_))));
        assert_eq!(judged("role:master"), Ok(()));
    }

    #[test]
    fn an_old_server_and_one_of_another_kind_will_never_do() {
        for (info, advice) in [
            ("redis_version:6.2.14", "7.0"),
            ("redis_mode:sentinel", "redis+sentinel://"),
            ("redis_mode:cluster", "redis+cluster://"),
        ] {
            let Err(Trouble::Misconfigured(text)) = judged(info) else { panic!("{info} would do") };
            assert!(text.contains(advice), "{text}");
        }
        let alone = About("redis_mode:standalone".to_owned()).judge(Kind::OfCluster);
        assert!(matches!(alone, Err(Trouble::Misconfigured(_))));
    }

    #[test]
    fn what_may_lose_publications_is_advised_against() {
        let advice = |info: &str| About(info.replace(' ', "\r\n")).advice().len();
        assert_eq!(advice("maxmemory:0 maxmemory_policy:allkeys-lru"), 0);
        assert_eq!(advice("maxmemory:100 maxmemory_policy:noeviction"), 0);
        assert_eq!(advice("maxmemory:100 maxmemory_policy:volatile-ttl"), 1);
        assert_eq!(advice("connected_slaves:1"), 1);
        assert_eq!(advice("connected_slaves:1 min_slaves_good_slaves:1"), 0);
    }

    fn judged(line: &str) -> Result<(), Trouble> {
        About(format!("# Server\r\n{line}\r\n")).judge(Kind::Standalone)
    }
}
