//! What Kafka's errors mean to Dayline, in one place. None of them shows an address or a password.

use dayline_app::ports::PortError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// Why the adapter can't start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The options are not usable.
    #[error("can't use the options for kafka: {0}")]
    Options(String),
    /// Kafka can't be reached or refused.
    #[error("can't use kafka: {0}")]
    Kafka(PortError),
    /// There is no topic, and none can be made.
    #[error("the topic {topic} is not there and can't be made ({why}): make it, or allow CREATE on it")]
    NoTopic {
        /// Its name.
        topic: String,
        /// Why it can't be made.
        why: String,
    },
    /// It may lose what it acknowledges.
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
    /// The topic was made with another number of partitions.
    #[error(
        "the topic {topic} has {stored} partitions and {configured} are configured: people are spread over partitions by \
         that number, so configure {stored}, or use another topic"
    )]
    Partitions {
        /// The topic's name.
        topic: String,
        /// As the topic was made.
        stored: u32,
        /// As configured now.
        configured: u32,
    },
}

/// Why a topic is not good enough for pings.
#[derive(Debug, thiserror::Error)]
pub enum NotDurable {
    /// It can't be asked.
    #[error("can't use kafka: {0}")]
    Unreachable(String),
    /// It is known to lose pings, or not known to keep them. Each line names a setting and what to
    /// do about it.
    #[error("the kafka topic is not safe for pings: {}", .0.join("; "))]
    Objections(Vec<String>),
}

impl From<KafkaError> for SetupError {
    fn from(error: KafkaError) -> Self {
        match &error {
            KafkaError::ClientConfig(_, description, name, _) => {
                Self::Options(format!("{name}: {description}"))
            }
            // What librdkafka finds wrong with settings together.
            KafkaError::ClientCreation(why) => Self::Options(why.clone()),
            _ => code_of(&error).unwrap_or(Code::Fail).into(),
        }
    }
}

impl From<Code> for SetupError {
    fn from(code: Code) -> Self {
        Self::Kafka(PortError::Unavailable(told(code)))
    }
}

/// What went wrong, if librdkafka or a broker has a code for it.
pub(crate) fn code_of(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        error => error.rdkafka_error_code(),
    }
}

/// For the operator's log.
pub(crate) fn told(code: Code) -> String {
    match code {
        Code::MessageTimedOut | Code::OperationTimedOut | Code::RequestTimedOut => {
            "kafka did not answer in time".to_owned()
        }
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            "kafka does not allow that: its acls must give describe, describe_configs, read, write and delete on the topic"
                .to_owned()
        }
        code => format!("kafka: {code}"),
    }
}

pub(crate) fn to_port(code: Code) -> PortError {
    PortError::Unavailable(told(code))
}

/// Whether the same may work in a moment: the leader is about to change, or a connection to come
/// back.
pub(crate) fn is_away(code: Code) -> bool {
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerNotAvailable
            | Code::BrokerTransportFailure
            | Code::FencedLeaderEpoch
            | Code::KafkaStorageError
            | Code::LeaderNotAvailable
            | Code::MessageTimedOut
            | Code::NetworkException
            | Code::NotLeaderForPartition
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::Resolve
            | Code::TimedOutQueue
            | Code::UnknownLeaderEpoch
    )
}

/// Whether a broker refused because of what the connection's user may do.
pub(crate) fn is_forbidden(code: Code) -> bool {
    matches!(code, Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed)
}
