//! Which Redis, under which prefix, and how connections to it are made.
//! Not here: keeping a connection alive (see [`crate::link`] and the senders of the ping log).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo, ProtocolVersion,
    RedisResult, TlsCertificates,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::SetupError;

/// How long a connection may take to come about, its greeting included.
const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Behind `appendfsync always` it waits for the disk, which has bad
/// moments.
const ANSWER: Duration = Duration::from_secs(2);

/// A Redis server, and the prefix of Dayline's keys in it. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct RedisConfig {
    client: Client,
    prefix: Arc<str>,
    answer: Duration,
    /// Questions that failed, over all clones.
    errors: Arc<AtomicU64>,
}

/// What connections over TLS are made with, all in PEM.
#[derive(Default)]
pub struct Certificates {
    /// One of these must confirm the server's certificate, instead of one of the system's.
    pub roots: Option<Vec<u8>>,
    /// What to show to a server that asks for a certificate: it, with those between it and an
    /// authority's, and its private key.
    pub own: Option<(Vec<u8>, Vec<u8>)>,
}

impl RedisConfig {
    /// The server at `redis://[user:password@]host[:port][/db]`, the same with `rediss` over TLS,
    /// or `unix:///path`; with the key prefix `dayline`.
    pub fn new(url: &str) -> Result<Self, SetupError> {
        let info = url.into_connection_info().map_err(|error| SetupError::Url(error.to_string()))?;
        if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
            if *insecure {
                return Err(SetupError::Url("certificates are always checked".to_owned()));
            }
            // An error says that the process has chosen already.
            let _ = aws_lc_rs::default_provider().install_default();
        }
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // One command less that its user must be allowed.
        let settings = settings.set_skip_set_lib_name();
        let client = Client::open(info.set_redis_settings(settings))
            .map_err(|error| SetupError::Url(error.to_string()))?;
        Ok(Self { client, prefix: "dayline".into(), answer: ANSWER, errors: Arc::default() })
    }

    /// The same server under another prefix: two installations can share one Redis.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The same server, which is to be reached over TLS, with these certificates.
    pub fn with_certificates(mut self, certificates: Certificates) -> Result<Self, SetupError> {
        let Certificates { roots, own } = certificates;
        let has_none = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).next().is_none();
        if roots.as_deref().is_some_and(has_none) {
            return Err(SetupError::Certificates("there are none to trust".to_owned()));
        }
        if own.as_ref().is_some_and(|(own, _)| has_none(own)) {
            return Err(SetupError::Certificates("there is none to show".to_owned()));
        }
        let client_tls = own.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        let certificates = TlsCertificates { client_tls, root_cert: roots };
        self.client = Client::build_with_tls(self.client.get_connection_info().clone(), certificates)
            .map_err(|error| SetupError::Certificates(error.to_string()))?;
        Ok(self)
    }

    /// How long an answer may take before the server counts as away, instead of 2 s.
    #[must_use]
    pub fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer = timeout;
        self
    }

    /// How many questions to this server have failed so far, by whomever they were put who has this
    /// configuration or a clone of it.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{}:{name}", self.prefix)
    }

    pub(crate) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(Some(self.answer))).await
    }

    /// A connection for commands that block; the caller bounds them.
    pub(crate) async fn connect_to_block(&self) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(None)).await
    }

    /// A connection on which `on_push` is called with whatever Redis sends unasked.
    pub(crate) async fn connect_to_subscribe(
        &self,
        on_push: impl AsyncPushSender,
        answer: Duration,
    ) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(Some(answer)).set_push_sender(on_push)).await
    }

    async fn connect_with(&self, config: AsyncConnectionConfig) -> RedisResult<MultiplexedConnection> {
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT))
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither address nor password.
        f.debug_struct("RedisConfig").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_server_nor_what_is_wrong_with_its_url_shows_the_password() {
        let config = RedisConfig::new("redis://ada:secret@example.org:6379/0").unwrap();
        assert_eq!(format!("{config:?}"), r#"RedisConfig { prefix: "dayline", .. }"#);
        for url in [
            "ada:secret@example.org",
            "redis://ada:secret@",
            "rediss://ada:secret@",
            "rediss://ada:secret@example.org/#insecure",
            "rediss://ada:secret@example.org/#other",
            "redis://ada:secret@h:x",
        ] {
            let wrong = RedisConfig::new(url).unwrap_err();
            assert!(matches!(wrong, SetupError::Url(_)), "{url}");
            assert!(
                !wrong.to_string().contains("secret") && !format!("{wrong:?}").contains("secret"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn certificates_are_for_servers_over_tls_and_must_be_some() {
        let plain = RedisConfig::new("redis://example.org").unwrap();
        assert!(matches!(plain.with_certificates(Certificates::default()), Err(SetupError::Certificates(_))));
        let config = RedisConfig::new("rediss://example.org").unwrap();
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        for other in [Vec::new(), b"none".to_vec(), no_certificate] {
            let to_trust = Certificates { roots: Some(other.clone()), own: None };
            let to_show = Certificates { roots: None, own: Some((other.clone(), Vec::new())) };
            for certificates in [to_trust, to_show] {
                let refused = config.clone().with_certificates(certificates);
                assert!(matches!(refused, Err(SetupError::Certificates(_))), "{other:?}");
            }
        }
    }

    #[test]
    fn keys_begin_with_the_prefix() {
        let config = RedisConfig::new("redis://example.org").unwrap();
        assert_eq!(config.key("log"), "dayline:log");
        assert_eq!(config.with_prefix("other").key("log"), "other:log");
    }
}
