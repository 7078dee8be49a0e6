use redis::{
    Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, TlsCertificates,
};

use super::{RedisAddress, RedisHost, RedisLogin, RedisTls};
use crate::BackboneError;

/// How to enter the servers of one Redis: login, database, encryption.
#[derive(Clone)]
pub(super) struct Access {
    login: RedisLogin,
    database: u32,
    /// `None` where links are not encrypted.
    tls: Option<TlsCertificates>,
}

impl Access {
    /// How to enter the servers that hold data.
    pub(super) fn of(address: &RedisAddress, tls: &RedisTls) -> Result<Self, BackboneError> {
        let tls = address.tls.then(|| tls.certificates()).transpose()?;
        Ok(Self { login: address.login.clone(), database: address.database, tls })
    }

    /// How to enter the Sentinels, as somebody else.
    pub(super) fn as_other(&self, login: &RedisLogin) -> Self {
        let mut other = self.clone();
        other.login = login.clone();
        other.database = 0;
        other
    }

    /// Who we are.
    pub(super) fn login(&self) -> &RedisLogin {
        &self.login
    }

    /// Whether servers go by their names, as their certificates do.
    pub(super) fn is_by_name(&self) -> bool {
        self.tls.is_some()
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
        let (host, port) = (host.name.clone(), host.port);
        let address = match &self.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let client = address.into_connection_info().and_then(|info| {
            let info = info.set_redis_settings(settings);
            match &self.tls {
                None => Client::open(info),
                Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            }
        });
        client.map_err(|error| BackboneError::Refused(error.to_string()))
    }
}
