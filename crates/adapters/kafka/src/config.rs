//! Which Kafka, which topic, and how connections to it are made and secured.
//! Not here: what is done over them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::MAX_RECORD_BYTES;
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::FutureProducer;

use crate::error::SetupError;
use crate::events::{Events, LISTEN_AGAIN};

/// How long an answer may take before Kafka counts as away.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);

/// A Kafka cluster and the topic in it. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct KafkaConfig {
    brokers: Arc<str>,
    topic: Arc<str>,
    security: Arc<Security>,
}

/// How connections are secured and who connects.
#[derive(Debug, Clone, Default)]
pub struct Security {
    /// Over TLS, and whom to trust then; `None`: in the clear.
    pub tls: Option<Tls>,
    /// Who connects; `None`: anybody, or whom the TLS certificate names.
    pub sasl: Option<Sasl>,
}

/// Whom to trust, and what to show.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// A file with certificates that confirm the brokers' (PEM), instead of the system's.
    pub authorities: Option<PathBuf>,
    /// What to show to brokers that ask for a certificate.
    pub identity: Option<Identity>,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A file with the certificate, and those between it and an authority's (PEM).
    pub certificate: PathBuf,
    /// A file with its private key (PEM).
    pub key: PathBuf,
    /// A file with the key's password, if it has one.
    pub key_password: Option<PathBuf>,
}

/// Who connects.
#[derive(Debug, Clone)]
pub struct Sasl {
    /// How the password is proven.
    pub mechanism: SaslMechanism,
    /// The user's name.
    pub user: String,
    /// A file with the password; a line's end after it does not count.
    pub password: PathBuf,
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaslMechanism {
    /// By sending it: over TLS only.
    Plain,
    /// By a challenge.
    ScramSha256,
    /// By a challenge, with a longer hash.
    ScramSha512,
}

impl SaslMechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl KafkaConfig {
    /// The cluster that one of these brokers (`host:port`, separated by commas) is part of.
    ///
    /// # Errors
    /// If there is no broker, the topic's name is not one, or a password would be sent in the clear.
    pub fn new(brokers: &str, topic: &str, security: Security) -> Result<Self, SetupError> {
        if brokers.split(',').all(|broker| broker.trim().is_empty()) {
            return Err(SetupError::Options("there is no broker".to_owned()));
        }
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        if topic.is_empty() || topic.len() > 249 || !topic.chars().all(fits) || matches!(topic, "." | "..") {
            return Err(SetupError::Options(format!(
                "the topic's name must be 1 to 249 letters, digits, dots, underscores or hyphens, not {topic:?}"
            )));
        }
        if security.tls.is_none()
            && security.sasl.as_ref().is_some_and(|sasl| sasl.mechanism == SaslMechanism::Plain)
        {
            return Err(SetupError::Options("a plain password is sent over tls only".to_owned()));
        }
        Ok(Self { brokers: brokers.into(), topic: topic.into(), security: Arc::new(security) })
    }

    /// The topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// A connection for what is asked: settings, watermarks, topics.
    pub(crate) fn admin(&self) -> Result<AdminClient<Events>, SetupError> {
        let mut config = self.config()?;
        // Nobody takes its log lines off; the producers' tell the same.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        self.created(config.create_with_context(Events::default()))
    }

    pub(crate) fn consumer(&self, events: Events) -> Result<BaseConsumer<Events>, SetupError> {
        let mut config = self.config()?;
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_uncommitted")
            // Where to go on is decided here, and never silently elsewhere.
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            // Of each partition so much is held ready.
            .set("queued.max.messages.kbytes", "2048")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.max.bytes", "8388608")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.error.backoff.ms", "50")
            // A partition that is read from elsewhere waits for the fetch that is on its way.
            .set("fetch.wait.max.ms", "100");
        self.created(config.create_with_context(events))
    }

    /// A connection for appends. It sends each record as it comes, once: who waits for it decides
    /// whether to try again.
    pub(crate) fn producer(
        &self,
        pending_bytes: usize,
        events: Events,
    ) -> Result<FutureProducer<Events>, SetupError> {
        let mut config = self.config()?;
        let answer = ANSWER.as_millis().to_string();
        let queue = ((pending_bytes + MAX_RECORD_BYTES) / 1024).max(4096).to_string();
        config
            .set("acks", "all")
            .set("enable.idempotence", "false")
            .set("linger.ms", "0")
            .set("message.send.max.retries", "0")
            .set("message.timeout.ms", &answer)
            .set("request.timeout.ms", &answer)
            .set("message.max.bytes", "4194304")
            .set("queue.buffering.max.kbytes", &queue)
            // How a broker's quota is heard of.
            .set("statistics.interval.ms", LISTEN_AGAIN.as_millis().to_string());
        self.created(config.create_with_context(events))
    }

    /// What librdkafka finds wrong with certificates and keys does not name the files.
    fn created<T>(&self, client: KafkaResult<T>) -> Result<T, SetupError> {
        let files = self.security.tls.as_ref().map_or(String::new(), Tls::files);
        client.map_err(|error| match error {
            KafkaError::ClientCreation(why) if !files.is_empty() => {
                SetupError::Options(format!("{why}; the files are {files}"))
            }
            error => error.into(),
        })
    }

    fn config(&self) -> Result<ClientConfig, SetupError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &*self.brokers)
            .set("client.id", "dayline")
            .set("log.connection.close", "false")
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "500")
            .set("retry.backoff.ms", "50")
            .set("socket.connection.setup.timeout.ms", "2000")
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("topic.metadata.refresh.fast.interval.ms", "50");
        let security = &self.security;
        let protocol = match (&security.tls, &security.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &security.tls {
            tls.add_to(&mut config)?;
        }
        if let Some(sasl) = &security.sasl {
            config.set("sasl.mechanism", sasl.mechanism.name());
            config.set("sasl.username", &sasl.user);
            config.set("sasl.password", read_secret(&sasl.password)?);
        }
        Ok(config)
    }
}

impl Tls {
    /// Their names.
    fn files(&self) -> String {
        let identity = self.identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
        let files = self.authorities.iter().chain(identity);
        files.map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    }

    fn add_to(&self, config: &mut ClientConfig) -> Result<(), SetupError> {
        if let Some(authorities) = &self.authorities {
            config.set("ssl.ca.location", as_text(authorities)?);
        }
        let Some(identity) = &self.identity else { return Ok(()) };
        config.set("ssl.certificate.location", as_text(&identity.certificate)?);
        config.set("ssl.key.location", as_text(&identity.key)?);
        if let Some(password) = &identity.key_password {
            config.set("ssl.key.password", read_secret(password)?);
        }
        Ok(())
    }
}

fn as_text(path: &Path) -> Result<&str, SetupError> {
    path.to_str()
        .ok_or_else(|| SetupError::Options(format!("the name of {} is not in utf-8", path.display())))
}

fn read_secret(path: &Path) -> Result<String, SetupError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| SetupError::Options(format!("can't read {}: {error}", path.display())))?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(SetupError::Options(format!("{} is empty", path.display())));
    }
    Ok(secret.to_owned())
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No addresses.
        f.debug_struct("KafkaConfig").field("topic", &self.topic).finish_non_exhaustive()
    }
}
