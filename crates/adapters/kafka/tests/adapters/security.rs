//! Who may connect, how, and what they must be allowed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dayline_app::ports::{AppendError, PingLog};
use dayline_kafka::{
    Identity, KafkaConfig, KafkaPingLog, NotDurable, Sasl, SaslMechanism, Security, SetupError, Tls,
    TopicOptions, check_durability, create_topic,
};
use dayline_testkit::{Kafka, KafkaSettings, Operation, run};
use tempfile::TempDir;

use crate::topics::{FIRST, options};
use crate::until;

/// A certificate for 127.0.0.1 that confirms itself, and its key, in files of the folder. The key may
/// have a password.
fn certificate(folder: &TempDir, name: &str, password: Option<&str>) -> (PathBuf, PathBuf) {
    let [certificate, key] =
        ["certificate", "key"].map(|what| folder.path().join(format!("{name}.{what}.pem")));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "rsa:2048", "-days", "2", "-subj", &format!("/CN={name}")]);
    match password {
        Some(password) => make.arg("-passout").arg(format!("pass:{password}")),
        None => make.arg("-nodes"),
    };
    make.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
    run(&mut make);
    (certificate, key)
}

/// Settings of a broker that shows a certificate, trusts some, and lets these users do everything.
fn over_tls(superusers: &'static str) -> [(&'static str, &'static str); 6] {
    [
        ("ssl.keystore.type", "PEM"),
        ("ssl.keystore.location", "{folder}/keystore.pem"),
        ("ssl.truststore.type", "PEM"),
        ("ssl.truststore.location", "{folder}/authorities.pem"),
        ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
        ("super.users", superusers),
    ]
}

#[tokio::test]
async fn over_tls_with_a_password_the_log_works_and_each_thing_that_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(&folder, "kafka", None);
    let keystore = fs::read_to_string(&key).unwrap() + &fs::read_to_string(&certificate).unwrap();
    let login = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"broker\" password=\"b\";";
    let plain_login = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"broker\" password=\"b\" \
                       user_dayline=\"correct horse\";";
    let sasl = [
        ("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"),
        ("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-256"),
        ("listener.name.client.plain.sasl.jaas.config", plain_login),
        ("listener.name.client.scram-sha-256.sasl.jaas.config", login),
        ("listener.name.client.scram-sha-512.sasl.jaas.config", login),
    ];
    let Some(kafka) = Kafka::start_with(&KafkaSettings {
        protocol: "SASL_SSL",
        users: &[("broker", "b"), ("dayline", "correct horse"), ("nobody", "n")],
        files: &[
            ("keystore.pem", &keystore),
            ("authorities.pem", &fs::read_to_string(&certificate).unwrap()),
        ],
        properties: &[&sasl[..], &over_tls("User:broker;User:dayline;User:ANONYMOUS")].concat(),
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
    let plain = server("dayline", "correct horse", SaslMechanism::Plain, Some(&certificate));
    for each in [&sha256, &sha512, &plain] {
        let log = KafkaPingLog::open(each, &options(), None).await.unwrap();
        log.append(FIRST, vec![1]).await.unwrap();
    }

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

#[tokio::test]
async fn a_certificate_is_who_connects_and_without_it_or_its_keys_password_nothing_works() {
    let folder = tempfile::tempdir().unwrap();
    let (broker, broker_key) = certificate(&folder, "kafka", None);
    let (own, own_key) = certificate(&folder, "dayline", Some("open sesame"));
    let (other, other_key) = certificate(&folder, "other", None);
    let read = |file: &PathBuf| fs::read_to_string(file).unwrap();
    let Some(kafka) = Kafka::start_with(&KafkaSettings {
        protocol: "SSL",
        files: &[
            ("keystore.pem", &(read(&broker_key) + &read(&broker))),
            ("authorities.pem", &(read(&broker) + &read(&own) + &read(&other))),
        ],
        properties: &[
            &[("ssl.client.auth", "required")][..],
            &over_tls("User:CN=dayline;User:CN=kafka;User:ANONYMOUS"),
        ]
        .concat(),
        ..KafkaSettings::default()
    }) else {
        return;
    };
    let password = |text: &str| {
        let file = folder.path().join(text);
        fs::write(&file, format!("{text}\n")).unwrap();
        Some(file)
    };
    let server = |identity: Option<Identity>| {
        let tls = Some(Tls { authorities: Some(broker.clone()), identity });
        KafkaConfig::new(&kafka.brokers(), "pings", Security { tls, sasl: None }).unwrap()
    };
    let mine = |key_password| Identity { certificate: own.clone(), key: own_key.clone(), key_password };

    let right = server(Some(mine(password("open sesame"))));
    assert!(create_topic(&right, TopicOptions { partitions: 3, replicas: 1 }).await.unwrap());
    assert_eq!(check_durability(&right, false).await.unwrap(), Vec::<String>::new());
    let log = KafkaPingLog::open(&right, &options(), None).await.unwrap();
    log.append(FIRST, vec![1]).await.unwrap();

    let refused = check_durability(&server(None), true).await.unwrap_err();
    assert!(matches!(refused, NotDurable::Unreachable(_)), "{refused}");
    let somebody = server(Some(Identity { certificate: other, key: other_key, key_password: None }));
    let refused = check_durability(&somebody, false).await.unwrap_err().to_string();
    assert!(refused.contains("describe, describe_configs, read, write and delete"), "{refused}");
    let wrong = server(Some(mine(password("open barley"))));
    let refused = create_topic(&wrong, TopicOptions::default()).await.unwrap_err();
    assert!(
        matches!(&refused, SetupError::Options(why) if why.contains("dayline.key.pem") && !why.contains("barley")),
        "{refused}"
    );
}

#[tokio::test]
async fn whose_rights_do_not_reach_is_told_which_are_needed() {
    use Operation::{Delete, Describe, DescribeConfigs, Read, Write};
    let Some(kafka) = Kafka::start_with(&KafkaSettings {
        properties: &[
            ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
            ("allow.everyone.if.no.acl.found", "true"),
            ("log.flush.interval.messages", "1"),
        ],
        ..KafkaSettings::default()
    }) else {
        return;
    };
    let topic = async |name: &str, allowed: &[Operation]| {
        let server = KafkaConfig::new(&kafka.brokers(), name, Security::default()).unwrap();
        assert!(create_topic(&server, TopicOptions { partitions: 3, replicas: 1 }).await.unwrap());
        kafka.allow(name, allowed);
        server
    };
    let names_all = |why: &str| why.contains("describe, describe_configs, read, write and delete");
    for (name, allowed) in
        [("no-settings", &[Describe, Read, Write, Delete][..]), ("no-sight", &[DescribeConfigs])]
    {
        let server = topic(name, allowed).await;
        until("it is told", async || {
            check_durability(&server, false)
                .await
                .err()
                .is_some_and(|refused| names_all(&refused.to_string()))
        })
        .await;
    }
    let server = topic("no-writing", &[Describe, DescribeConfigs, Read, Delete]).await;
    let log = KafkaPingLog::open(&server, &options(), None).await.unwrap();
    until("it is told", async || {
        matches!(log.append(FIRST, vec![1]).await, Err(AppendError::Unavailable(why)) if names_all(&why))
    })
    .await;
    let server = topic("all", &[Describe, DescribeConfigs, Read, Write, Delete]).await;
    assert_eq!(check_durability(&server, false).await.unwrap(), Vec::<String>::new());
    KafkaPingLog::open(&server, &options(), None).await.unwrap().append(FIRST, vec![1]).await.unwrap();
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
