//! Who may connect, how, and what they must be allowed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dayline_app::ports::PingLog;
use dayline_kafka::{
    KafkaConfig, KafkaPingLog, NotDurable, Sasl, SaslMechanism, Security, SetupError, Tls, TopicOptions,
    check_durability, create_topic,
};
use dayline_testkit::{Kafka, KafkaSettings, run};
use tempfile::TempDir;

use crate::topics::{FIRST, options};

/// A certificate for 127.0.0.1 that confirms itself, and its key, in files of the folder.
fn certificate(folder: &TempDir) -> (PathBuf, PathBuf) {
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kafka"]);
    make.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
    run(&mut make);
    (certificate, key)
}

#[tokio::test]
async fn over_tls_with_a_password_the_log_works_and_each_thing_that_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(&folder);
    let keystore = fs::read_to_string(&key).unwrap() + &fs::read_to_string(&certificate).unwrap();
    let login = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"broker\" password=\"b\";";
    let Some(kafka) = Kafka::start_with(&KafkaSettings {
        protocol: "SASL_SSL",
        users: &[("broker", "b"), ("dayline", "correct horse"), ("nobody", "n")],
        files: &[
            ("keystore.pem", &keystore),
            ("authorities.pem", &fs::read_to_string(&certificate).unwrap()),
        ],
        properties: &[
            ("sasl.enabled.mechanisms", "SCRAM-SHA-256,SCRAM-SHA-512"),
            ("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-256"),
            ("listener.name.client.scram-sha-256.sasl.jaas.config", login),
            ("listener.name.client.scram-sha-512.sasl.jaas.config", login),
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", "{folder}/keystore.pem"),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "{folder}/authorities.pem"),
            ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
            ("super.users", "User:broker;User:dayline;User:ANONYMOUS"),
        ],
        ..KafkaSettings::default()
    }) else {
        return;
    };
    let server = |user: &str, password: &str, mechanism, authorities: Option<&PathBuf>| {
        let file = folder.path().join(password);
        fs::write(&file, format!("{password}\n")).unwrap();
        let tls = Some(Tls { authorities: authorities.cloned(), identity: None });
        let sasl = Some(Sasl { mechanism, user: user.to_owned(), password: file });
        KafkaConfig::new(&kafka.brokers(), "pings", Security { tls, sasl }).unwrap()
    };

    let sha256 = server("dayline", "correct horse", SaslMechanism::ScramSha256, Some(&certificate));
    let made = create_topic(&sha256, TopicOptions { partitions: 3, replicas: 1 }).await;
    assert!(made.unwrap());
    let sha512 = server("dayline", "correct horse", SaslMechanism::ScramSha512, Some(&certificate));
    assert_eq!(check_durability(&sha512, false).await.unwrap(), Vec::<String>::new());
    let log = KafkaPingLog::open(&sha512, &options(), None).await.unwrap();
    log.append(FIRST, vec![1]).await.unwrap();

    // Nothing is allowed to this one: it can't even see that the topic is there.
    let nobody = server("nobody", "n", SaslMechanism::ScramSha256, Some(&certificate));
    let refused = check_durability(&nobody, false).await.unwrap_err().to_string();
    assert!(refused.contains("describe, describe_configs, read, write and delete"), "{refused}");
    let refused = create_topic(&nobody, TopicOptions { partitions: 3, replicas: 1 }).await.unwrap_err();
    assert!(refused.to_string().contains("acls"), "{refused}");

    let wrong_password = server("dayline", "wrong donkey", SaslMechanism::ScramSha256, Some(&certificate));
    let unknown_authority = server("dayline", "correct horse", SaslMechanism::ScramSha256, None);
    for wrong in [wrong_password, unknown_authority] {
        let refused = check_durability(&wrong, true).await.unwrap_err();
        assert!(matches!(refused, NotDurable::Unreachable(_)), "{refused}");
        let told = format!("{refused:?} {wrong:?}");
        assert!(!told.contains("donkey") && !told.contains("horse"), "{told}");
    }
}

#[test]
fn options_that_can_not_work_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |brokers: &str, topic: &str, security: Security| {
        let server = KafkaConfig::new(brokers, topic, security);
        server.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(" , ", "pings", Security::default()).contains("no broker"));
    for topic in ["", ".", "..", "two words", "päckchen", &"x".repeat(250)] {
        assert!(refused("localhost:9092", topic, Security::default()).contains("topic's name"), "{topic}");
    }
    let password = folder.path().join("password");
    let plain = |tls| Security {
        tls,
        sasl: Some(Sasl {
            mechanism: SaslMechanism::Plain,
            user: "dayline".to_owned(),
            password: password.clone(),
        }),
    };
    assert!(refused("localhost:9092", "pings", plain(None)).contains("over tls only"));
    assert_eq!(refused("localhost:9092", "pings", plain(Some(Tls::default()))), "");
}

#[tokio::test]
async fn files_that_can_not_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let sasl = Sasl { mechanism: SaslMechanism::ScramSha512, user: "dayline".to_owned(), password: missing };
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let cases = [
        (Security { sasl: Some(sasl.clone()), tls: None }, "missing"),
        (Security { sasl: Some(Sasl { password: empty.clone(), ..sasl }), tls: None }, "empty"),
        (Security { sasl: None, tls: Some(Tls { authorities: Some(empty), identity: None }) }, "empty"),
    ];
    for (security, named) in cases {
        let server = KafkaConfig::new("127.0.0.1:1", "pings", security).unwrap();
        let refused = create_topic(&server, TopicOptions::default()).await.unwrap_err();
        assert!(matches!(&refused, SetupError::Options(why) if why.contains(named)), "{refused}");
    }
}
