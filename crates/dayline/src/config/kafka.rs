//! Options of a ping log in Kafka. They are known in every build, so that one without Kafka can say
//! that it is. Passwords come from files, and are never shown.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

/// Where the ping log is, if not in Redis.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Kafka, for accepted pings instead of Redis")]
pub struct KafkaOptions {
    /// Brokers to begin with: host:port, separated by commas
    #[arg(long, env = "DAYLINE_KAFKA_BROKERS", value_name = "HOST:PORT,…")]
    pub kafka_brokers: Option<String>,
    /// The topic, which is made if it is missing; with as many partitions as the ping log
    #[arg(long, env = "DAYLINE_KAFKA_TOPIC", default_value = "dayline-pings", value_name = "NAME")]
    pub kafka_topic: String,
    /// Machines that hold each partition of a topic that is made. With fewer than 3, each record is
    /// written to the disk before it is acknowledged
    #[arg(long, env = "DAYLINE_KAFKA_REPLICAS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=15), value_name = "NUMBER")]
    pub kafka_replicas: u32,
    /// How connections are secured, and whether a user signs in
    #[arg(long, env = "DAYLINE_KAFKA_SECURITY", value_enum, default_value = "plaintext")]
    pub kafka_security: KafkaSecurity,
    /// Certificates (PEM) to trust instead of the system's, with tls
    #[arg(long, env = "DAYLINE_KAFKA_CERTIFICATES", value_name = "FILE")]
    pub kafka_certificates: Option<PathBuf>,
    /// Certificate (PEM) to show to brokers, with tls
    #[arg(
        long,
        env = "DAYLINE_KAFKA_CLIENT_CERTIFICATE",
        value_name = "FILE",
        requires = "kafka_client_key"
    )]
    pub kafka_client_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(
        long,
        env = "DAYLINE_KAFKA_CLIENT_KEY",
        value_name = "FILE",
        requires = "kafka_client_certificate"
    )]
    pub kafka_client_key: Option<PathBuf>,
    /// File with the password of that key
    #[arg(
        long,
        env = "DAYLINE_KAFKA_CLIENT_KEY_PASSWORD_FILE",
        value_name = "FILE",
        requires = "kafka_client_key"
    )]
    pub kafka_client_key_password_file: Option<PathBuf>,
    /// How a user's password is proven, with sasl
    #[arg(long, env = "DAYLINE_KAFKA_SASL_MECHANISM", value_enum, default_value = "scram-sha-512")]
    pub kafka_sasl_mechanism: KafkaSaslMechanism,
    /// The user, with sasl
    #[arg(long, env = "DAYLINE_KAFKA_USER", value_name = "NAME")]
    pub kafka_user: Option<String>,
    /// File with the user's password
    #[arg(long, env = "DAYLINE_KAFKA_PASSWORD_FILE", value_name = "FILE")]
    pub kafka_password_file: Option<PathBuf>,
    /// Start on a topic that may lose accepted pings in a crash, instead of refusing to
    #[arg(long, env = "DAYLINE_ACCEPT_LOSSY_KAFKA", value_parser = BoolishValueParser::new())]
    pub accept_lossy_kafka: bool,
}

/// How connections to Kafka are secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KafkaSecurity {
    /// Neither encrypted nor signed in
    Plaintext,
    /// Encrypted
    Tls,
    /// Signed in, not encrypted
    SaslPlaintext,
    /// Encrypted and signed in
    SaslTls,
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KafkaSaslMechanism {
    /// By sending it, with tls only
    Plain,
    /// By a challenge
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// By a challenge, with a longer hash
    #[value(name = "scram-sha-512")]
    ScramSha512,
}
