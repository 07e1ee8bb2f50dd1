//! Which server connections lead to: one that an address names, or the primary that sentinels name.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisResult,
    TlsCertificates,
};
use rustls::crypto::aws_lc_rs;

use crate::error::SetupError;
use crate::sentinel::{self, Sentinels};

#[derive(Clone)]
pub(crate) enum Server {
    Named(Arc<Client>),
    Found(Arc<Sentinels>),
}

/// Which primary a connection leads to, as far as it was seen that there was another one before.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Primary(u64);

impl Server {
    pub(crate) fn new(url: &str) -> Result<Self, SetupError> {
        if sentinel::is_meant_by(url) {
            let sentinels = Sentinels::new(url).map_err(SetupError::SentinelUrl)?;
            if sentinels.are_over_tls() {
                choose_cryptography();
            }
            return Ok(Self::Found(Arc::new(sentinels)));
        }
        let info = url.into_connection_info().map_err(|error| SetupError::Url(error.to_string()))?;
        if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
            if *insecure {
                return Err(SetupError::Url("certificates are always checked".to_owned()));
            }
            choose_cryptography();
        }
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // One command less that its user must be allowed.
        let settings = settings.set_skip_set_lib_name();
        let client = Client::open(info.set_redis_settings(settings));
        Ok(Self::Named(Arc::new(client.map_err(|error| SetupError::Url(error.to_string()))?)))
    }

    /// The same, to be reached over TLS with these.
    pub(crate) fn with_certificates(&self, certificates: TlsCertificates) -> RedisResult<Self> {
        Ok(match self {
            Self::Named(client) => {
                let client = Client::build_with_tls(client.get_connection_info().clone(), certificates)?;
                Self::Named(Arc::new(client))
            }
            Self::Found(sentinels) => Self::Found(Arc::new(sentinels.with_certificates(certificates)?)),
        })
    }

    pub(crate) async fn connect(
        &self,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<(MultiplexedConnection, Primary)> {
        match self {
            Self::Named(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(config).await?;
                Ok((connection, Primary::default()))
            }
            Self::Found(sentinels) => {
                let (connection, changes) = sentinels.connect(config).await?;
                Ok((connection, Primary(changes)))
            }
        }
    }

    /// Whether no other primary was seen since.
    pub(crate) fn is_still(&self, primary: Primary) -> bool {
        match self {
            Self::Named(_) => true,
            Self::Found(sentinels) => sentinels.changes() == primary.0,
        }
    }

    /// Whether a replica may take the place of the primary at any moment.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self, Self::Found(_))
    }
}

fn choose_cryptography() {
    // An error says that the process has chosen already.
    let _ = aws_lc_rs::default_provider().install_default();
}
