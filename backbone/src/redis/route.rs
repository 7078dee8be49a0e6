use std::sync::Arc;

use redis::Client;
use tokio::sync::{Notify, watch};

use super::RedisHost;
use super::access::Access;
use super::greeting::Kind;
use super::trouble::Trouble;

/// How a link finds its server, and whether it is still the right one.
#[derive(Clone)]
pub(super) enum Route {
    /// Always the same address.
    Fixed(Client, Kind),
    /// A primary of a cluster, as long as the cluster's map has it.
    OnMap {
        /// The server.
        client: Client,
        /// Told when something does not fit the map.
        doubts: Arc<Notify>,
    },
    /// Whichever server Sentinels call the primary.
    ToPrimary {
        /// How to enter it.
        access: Access,
        /// Who it is.
        primary: watch::Receiver<Result<RedisHost, Trouble>>,
    },
}

impl Route {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Fixed(_, kind) => *kind,
            Self::OnMap { .. } => Kind::OfCluster,
            Self::ToPrimary { .. } => Kind::Standalone,
        }
    }

    /// The server by now; from here on [`Route::changes`] speaks of it.
    pub(super) fn client(&mut self) -> Result<Client, Trouble> {
        match self {
            Self::Fixed(client, _) | Self::OnMap { client, .. } => Ok(client.clone()),
            Self::ToPrimary { access, primary } => {
                let host = primary.borrow_and_update().clone()?;
                Ok(access.client(&host)?)
            }
        }
    }

    /// Returns once the server is another.
    pub(super) async fn changes(&mut self) {
        match self {
            Self::Fixed(..) | Self::OnMap { .. } => std::future::pending().await,
            Self::ToPrimary { primary, .. } => {
                if primary.changed().await.is_err() {
                    std::future::pending().await
                }
            }
        }
    }

    /// This may be the wrong server for what it is given.
    pub(super) fn doubt(&self) {
        match self {
            Self::Fixed(..) | Self::ToPrimary { .. } => {}
            Self::OnMap { doubts, .. } => doubts.notify_one(),
        }
    }
}
