/// Why a text is no address of a Redis. It shows nothing that could be a part of a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedisAddress {
    /// Nothing says what it is.
    #[error("an address begins with its kind: redis://HOST:PORT")]
    NoScheme,
    /// Another kind of thing.
    #[error(
        "{0}:// is no Redis; use redis://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/NAME, \
         redis+cluster://HOST:PORT,HOST:PORT, or these with rediss for TLS"
    )]
    UnknownScheme(String),
    /// A server without a host.
    #[error("every server has a host: redis://HOST:PORT")]
    NoHost,
    /// A port that is none.
    #[error("a port goes from 1 to 65535: redis://HOST:PORT")]
    BadPort,
    /// Several servers where there can be only one.
    #[error(
        "redis:// names one server; several of one cluster are redis+cluster://HOST:PORT,HOST:PORT, several \
         independent ones are addresses of their own, separated by spaces"
    )]
    ManyHosts,
    /// A user without a password.
    #[error("a login is USER:PASSWORD@ or :PASSWORD@")]
    NoPassword,
    /// Bytes that are no text.
    #[error("user, passwords and names are UTF-8, percent-encoded")]
    NoText,
    /// A database that is no number.
    #[error("a database is a number: redis://HOST:PORT/0")]
    BadDatabase,
    /// A database other than 0 in a cluster.
    #[error("a Redis Cluster has only database 0; leave it out")]
    ClusterDatabase,
    /// Sentinels, but not which primary.
    #[error("Sentinels know primaries by name: redis+sentinel://HOST:PORT,HOST:PORT/NAME")]
    NoPrimaryName,
    /// A parameter that nothing knows.
    #[error("the parameters are sentinel_user, sentinel_password and database, of redis+sentinel:// alone")]
    UnknownParameter,
    /// The same server as two shards.
    #[error("{0} is there twice")]
    Twice(String),
}
