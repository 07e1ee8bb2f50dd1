//! Which Redis, under which prefix, and how connections to it are made.
//! Not here: keeping a connection alive (see [`crate::link`] and the senders of the ping log).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, ClientTlsConfig, RedisResult, TlsCertificates};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::SetupError;
use crate::server::{Primary, Server};

/// How long a connection may take to come about, its greeting included.
const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Behind `appendfsync always` it waits for the disk, which has bad
/// moments.
const ANSWER: Duration = Duration::from_secs(2);
/// So often it is looked whether there is another primary: an old one that sentinels can't reach
/// goes on answering.
const LOOK: Duration = Duration::from_secs(2);

/// A Redis server, and the prefix of Dayline's keys in it. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct RedisConfig {
    server: Server,
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
    /// or `unix:///path`; or the primary that sentinels name, at
    /// `redis+sentinel://[user:password@]host[:port][,host…]/service[/db]`, with
    /// `?sentinel_user=…&sentinel_password=…` where they want to know who asks, and with
    /// `rediss+sentinel` over TLS. With the key prefix `dayline`.
    pub fn new(url: &str) -> Result<Self, SetupError> {
        let server = Server::new(url)?;
        Ok(Self { server, prefix: "dayline".into(), answer: ANSWER, errors: Arc::default() })
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
        let server = self.server.with_certificates(certificates);
        self.server = server.map_err(|error| SetupError::Certificates(error.to_string()))?;
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

    /// Whether a replica may take the place of the primary at any moment.
    pub(crate) fn may_change(&self) -> bool {
        self.server.may_change()
    }

    /// Whether no other primary was seen since.
    pub(crate) fn is_still(&self, primary: Primary) -> bool {
        self.server.is_still(primary)
    }

    /// Returns once there is another primary, if there ever is.
    pub(crate) async fn until_not(&self, primary: Primary) {
        if !self.may_change() {
            return std::future::pending().await;
        }
        while self.is_still(primary) {
            tokio::time::sleep(LOOK).await;
            // Who connects notices. If nobody can be reached there is none to go to.
            let _ = self.connect().await;
        }
    }

    /// How long a replica may take to confirm a write: it has to be answered in time.
    pub(crate) fn confirmed_within(&self) -> Duration {
        self.answer / 2
    }

    pub(crate) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        Ok(self.connect_to_stay().await?.0)
    }

    /// A connection that is kept for as long as it leads to the primary.
    pub(crate) async fn connect_to_stay(&self) -> RedisResult<(MultiplexedConnection, Primary)> {
        self.server.connect(&config().set_response_timeout(Some(self.answer))).await
    }

    /// The same for commands that block; the caller bounds them.
    pub(crate) async fn connect_to_block(&self) -> RedisResult<(MultiplexedConnection, Primary)> {
        self.server.connect(&config().set_response_timeout(None)).await
    }

    /// The same, and `on_push` is called with whatever Redis sends unasked.
    pub(crate) async fn connect_to_subscribe(
        &self,
        on_push: impl AsyncPushSender,
        answer: Duration,
    ) -> RedisResult<(MultiplexedConnection, Primary)> {
        self.server.connect(&config().set_response_timeout(Some(answer)).set_push_sender(on_push)).await
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
        for url in [
            "redis://ada:secret@example.org:6379/0",
            "redis+sentinel://ada:secret@example.org/dayline?sentinel_password=secret",
        ] {
            let config = RedisConfig::new(url).unwrap();
            assert_eq!(format!("{config:?}"), r#"RedisConfig { prefix: "dayline", .. }"#);
        }
        for url in [
            "ada:secret@example.org",
            "redis://ada:secret@",
            "rediss://ada:secret@",
            "rediss://ada:secret@example.org/#insecure",
            "rediss://ada:secret@example.org/#other",
            "redis://ada:secret@h:x",
            "redis+sentinel://ada:secret@h:x/dayline",
            "redis+sentinel://ada:secret@h/dayline?sentinel_passwort=secret",
        ] {
            let wrong = RedisConfig::new(url).unwrap_err();
            assert!(matches!(wrong, SetupError::Url(_) | SetupError::SentinelUrl(_)), "{url}");
            assert!(
                !wrong.to_string().contains("secret") && !format!("{wrong:?}").contains("secret"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn certificates_are_for_servers_over_tls_and_must_be_some() {
        for plain in ["redis://example.org", "redis+sentinel://example.org/dayline"] {
            let plain = RedisConfig::new(plain).unwrap();
            assert!(matches!(
                plain.with_certificates(Certificates::default()),
                Err(SetupError::Certificates(_))
            ));
        }
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
