use redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use super::{RedisAddress, RedisHost, RedisLogin};
use crate::BackboneError;

/// How to enter the servers of one Redis: login, database, encryption.
#[derive(Clone)]
pub(super) struct Access {
    login: RedisLogin,
    database: u32,
}

impl Access {
    /// How to enter the servers that hold data.
    pub(super) fn of(address: &RedisAddress) -> Result<Self, BackboneError> {
        if address.tls {
            return Err(BackboneError::Refused(format!("{address}: TLS is not built in yet")));
        }
        Ok(Self { login: address.login.clone(), database: address.database })
    }

    /// How to enter the Sentinels, as somebody else.
    pub(super) fn as_other(&self, login: &RedisLogin) -> Self {
        let mut other = self.clone();
        other.login = login.clone();
        other.database = 0;
        other
    }

    /// A client of one server that speaks RESP3, which carries news beside answers.
    pub(super) fn client(&self, host: &RedisHost) -> Result<Client, BackboneError> {
        let mut settings =
            RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_db(self.database.into());
        if let Some(user) = &self.login.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.login.password {
            settings = settings.set_password(password);
        }
        let address = ConnectionAddr::Tcp(host.name.clone(), host.port);
        let client =
            address.into_connection_info().and_then(|info| Client::open(info.set_redis_settings(settings)));
        client.map_err(|error| BackboneError::Refused(error.to_string()))
    }
}
