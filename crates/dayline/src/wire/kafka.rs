//! The ping log in Kafka, in a build that has it.

use std::sync::Arc;

use dayline_app::ports::LedgerWriter;
use dayline_cli_kit::failure::Failure;
use dayline_kafka::{
    Identity, KafkaConfig, KafkaPingLog, PingLogOptions, Sasl, SaslMechanism, Security, Tls, TopicOptions,
    check_durability, create_topic,
};

use crate::config::{KafkaOptions, KafkaSaslMechanism, KafkaSecurity, ServeOptions};

/// Makes the topic, at these brokers, if it is not there; tells whether it did.
pub(crate) async fn make_topic(
    brokers: &str,
    options: &KafkaOptions,
    partitions: u32,
) -> Result<bool, Failure> {
    let topic = TopicOptions { partitions, replicas: options.kafka_replicas };
    create_topic(&config(brokers, options)?, topic).await.map_err(Failure::because)
}

/// Opens the log at these brokers, in a topic that keeps what it acknowledges, or that may not if
/// that is accepted.
pub(super) async fn open(
    brokers: &str,
    options: &ServeOptions,
    ledger: Arc<dyn LedgerWriter>,
) -> Result<KafkaPingLog, Failure> {
    let ServeOptions { kafka, storage, cluster, .. } = options;
    let (config, partitions) = (config(brokers, kafka)?, cluster.log_partitions);
    let topic = TopicOptions { partitions, replicas: kafka.kafka_replicas };
    if create_topic(&config, topic).await.map_err(Failure::because)? {
        tracing::info!(topic = config.topic(), partitions, replicas = topic.replicas, "kafka topic made");
    }
    let warnings = check_durability(&config, kafka.accept_lossy_kafka).await.map_err(Failure::because)?;
    for warning in &warnings {
        tracing::warn!(warning, "kafka");
    }
    let (low_bytes, high_bytes) = storage.watermarks()?;
    let (keep, max_pending_bytes) = (storage.keep(partitions), storage.max_pending_bytes());
    // Not for operators to set.
    let PingLogOptions { connections, .. } = PingLogOptions::default();
    let bounds = PingLogOptions { partitions, high_bytes, low_bytes, keep, max_pending_bytes, connections };
    KafkaPingLog::open(&config, &bounds, Some(ledger)).await.map_err(Failure::because)
}

fn config(brokers: &str, options: &KafkaOptions) -> Result<KafkaConfig, Failure> {
    let security = Security { tls: tls(options), sasl: sasl(options)? };
    KafkaConfig::new(brokers, &options.kafka_topic, security).map_err(Failure::usage)
}

fn tls(options: &KafkaOptions) -> Option<Tls> {
    if !matches!(options.kafka_security, KafkaSecurity::Tls | KafkaSecurity::SaslTls) {
        return None;
    }
    let pair = options.kafka_client_certificate.clone().zip(options.kafka_client_key.clone());
    let key_password = options.kafka_client_key_password_file.clone();
    let identity = pair.map(|(certificate, key)| Identity { certificate, key, key_password });
    Some(Tls { authorities: options.kafka_certificates.clone(), identity })
}

fn sasl(options: &KafkaOptions) -> Result<Option<Sasl>, Failure> {
    if !matches!(options.kafka_security, KafkaSecurity::SaslPlaintext | KafkaSecurity::SaslTls) {
        return Ok(None);
    }
    let both = options.kafka_user.clone().zip(options.kafka_password_file.clone());
    let (user, password) = both.ok_or_else(|| {
        Failure::usage("to sign in to kafka, --kafka-user and --kafka-password-file are needed")
    })?;
    let mechanism = match options.kafka_sasl_mechanism {
        KafkaSaslMechanism::Plain => SaslMechanism::Plain,
        KafkaSaslMechanism::ScramSha256 => SaslMechanism::ScramSha256,
        KafkaSaslMechanism::ScramSha512 => SaslMechanism::ScramSha512,
    };
    Ok(Some(Sasl { mechanism, user, password }))
}
