//! Which topics are refused as not durable, at the start and later, and how a topic is made.

use dayline_app::ports::{AppendError, PingLog};
use dayline_kafka::{
    KafkaConfig, KafkaPingLog, NotDurable, PingLogOptions, Security, SetupError, TopicOptions,
    check_durability, create_topic,
};
use dayline_testkit::{free_port, shared_kafka};

use crate::topics::{FIRST, fresh, make, open_fresh, operated, options};
use crate::until;

/// Settings, a wrong value of each on one broker, and what the refusal says to do.
const WRONG: [(&[(&str, &str)], &str); 8] = [
    (&[("flush.messages", "2")], "flush.messages=1"),
    (&[("unclean.leader.election.enable", "true")], "unclean.leader.election.enable=false"),
    (&[("cleanup.policy", "compact")], "cleanup.policy=delete"),
    (&[("cleanup.policy", "compact,delete")], "cleanup.policy=delete"),
    (&[("retention.ms", "86400000")], "retention.ms=-1"),
    (&[("retention.bytes", "1073741824")], "retention.bytes=-1"),
    (
        &[("retention.ms", "2592000000"), ("message.timestamp.type", "CreateTime")],
        "message.timestamp.type=LogAppendTime",
    ),
    (&[("max.message.bytes", "1048588")], "max.message.bytes=4194304"),
];

#[tokio::test]
async fn a_topic_is_judged_by_its_settings_at_the_start_and_while_it_is_used() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    assert_eq!(check_durability(&server, false).await.unwrap(), Vec::<String>::new());
    let operator = operated(&brokers, &server);
    for (settings, cure) in WRONG {
        log.append(FIRST, vec![1]).await.unwrap();
        operator.set(settings);
        let refused = check_durability(&server, false).await.unwrap_err();
        let NotDurable::Objections(objections) = &refused else { panic!("{refused}") };
        assert!(objections.iter().any(|why| why.contains(cure)), "{settings:?}: {refused}");
        assert_eq!(&check_durability(&server, true).await.unwrap(), objections);
        until("appends are refused, with the cure", async || match log.append(FIRST, vec![1]).await {
            Ok(()) => false,
            Err(AppendError::Unavailable(why)) => why.contains(cure),
            Err(full) => panic!("{full:?}"),
        })
        .await;
        operator.set(&[]);
        until("appends are accepted again", async || log.append(FIRST, vec![1]).await.is_ok()).await;
    }
}

#[tokio::test]
async fn who_opened_a_log_in_a_topic_that_was_not_safe_has_accepted_that() {
    let Some(brokers) = shared_kafka() else { return };
    let server = fresh(&brokers);
    let operator = operated(&brokers, &server);
    operator.make(3, 1, &[("max.message.bytes", "4194304")]);
    let refused = check_durability(&server, false).await.unwrap_err().to_string();
    // All that is wrong at once: one machine, no second one to answer for it, and deletion after a
    // week of `CreateTime`.
    for cure in ["replication factor of 3", "min.insync.replicas=2", "message.timestamp.type=LogAppendTime"] {
        assert!(refused.contains(cure), "{cure}: {refused}");
    }
    let log = KafkaPingLog::open(&server, &options(), None).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    log.append(FIRST, vec![1]).await.unwrap();
}

#[tokio::test]
async fn another_number_of_partitions_is_refused_whatever_is_accepted_and_a_missing_topic_is_made_once() {
    let Some(brokers) = shared_kafka() else { return };
    let server = fresh(&brokers);
    let unreachable = check_durability(&server, true).await.unwrap_err();
    assert!(matches!(unreachable, NotDurable::Unreachable(_)), "{unreachable}");
    let wanted = TopicOptions { partitions: 3, replicas: 3 };
    let refused = create_topic(&server, wanted).await.unwrap_err().to_string();
    assert!(refused.contains("fewer than 3 brokers"), "{refused}");
    make(&server, 1).await;
    assert!(!create_topic(&server, wanted).await.unwrap(), "it is there already");
    for partitions in [1, 2, 4, 16] {
        let options = PingLogOptions { partitions, ..PingLogOptions::default() };
        match KafkaPingLog::open(&server, &options, None).await {
            Err(SetupError::Partitions { stored: 3, configured, .. }) if configured == partitions => {}
            other => panic!("{:?}", other.map(drop)),
        }
    }
}

#[tokio::test]
async fn a_kafka_that_is_not_there_is_unreachable_in_bounded_time_and_its_address_is_not_told() {
    let address = format!("127.0.0.1:{}", free_port());
    let server = KafkaConfig::new(&address, "pings", Security::default()).unwrap();
    let begin = tokio::time::Instant::now();
    for accept_less in [false, true] {
        let refused = check_durability(&server, accept_less).await.unwrap_err();
        assert!(matches!(refused, NotDurable::Unreachable(_)), "{refused}");
        assert!(!format!("{refused}{refused:?}").contains(&address), "{refused}");
    }
    let refused = create_topic(&server, TopicOptions::default()).await.unwrap_err();
    assert!(!format!("{refused}{refused:?}").contains(&address), "{refused}");
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
}
