//! The ping log in Kafka: what becomes of pings when something happens to its topic, and how an installation comes from
//! Redis to Kafka. Where there is no Java these are skipped.

use std::time::Duration;

use dayline_domain::DAY_MS;
use dayline_sim::client::wire::{Body, Format};
use dayline_testkit::{KafkaTopic, shared_kafka, until};

use super::installation;
use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::command::run;
use crate::support::readiness::readiness;
use crate::support::server::{Process, Role};
use crate::support::simulation::Simulation;
use crate::support::{dice, now};

/// What a busy machine may take to go on.
const SOON: Duration = Duration::from_secs(40);
/// As many as a server has if it is told nothing.
const PARTITIONS: usize = 16;
const TOLD: &str = "accepted pings are lost";

fn are_ready(processes: &[Process]) -> bool {
    processes.iter().all(|process| readiness(process).0 == 200)
}

#[test]
fn a_topic_that_was_deleted_and_made_again_is_read_from_its_start_and_all_is_exact() {
    let Some(brokers) = shared_kafka() else { return };
    let (installation, mut dice) = (installation(), dice());
    let in_kafka = ["--kafka-brokers", &brokers, "--kafka-topic", "made-again", "--kafka-replicas", "1"];
    let database = &installation.shared().database.direct;
    let migrate = [&["migrate", "--database-url", database], &in_kafka[..]].concat();
    let server = installation.start(&in_kafka);
    for is_again in [false, true] {
        if is_again {
            KafkaTopic::at(&brokers, "made-again").delete();
            assert!(run(&migrate).expect_success().contains("kafka topic made-again: made"));
            until("all go on", SOON, || are_ready(&server.processes));
        }
        Simulation::start(&installation, Duration::from_secs(5), dice.next(), &["--chaos"]).expect_exact();
    }
    assert_eq!(server.lost_entries(), 0, "all of the old one was processed");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_that_a_topics_retention_deletes_before_they_are_processed_are_told_as_lost() {
    let Some(brokers) = shared_kafka() else { return };
    let installation = installation();
    let in_kafka = ["--kafka-brokers", &brokers, "--kafka-topic", "eaten", "--kafka-replicas", "1"];
    let topic = KafkaTopic::at(&brokers, "eaten");
    let mut server = installation.start(&in_kafka);
    let ada = newcomer(&installation, "ada").await;
    let start = now().plus(-DAY_MS).day().start();
    let day = start.day().to_string();
    let expect = async |apps: &[(&str, i64)]| {
        let expected = apps.iter().map(|(app, ms)| ((*app).to_owned(), *ms)).collect();
        eventually(expected, SOON, async || totals(&ada, "apps", &day, "UTC").await).await;
    };
    send(&ada, ping("Before", start, 60_000)).await;
    expect(&[("Before", 60_000)]).await;

    for worker in &mut server.processes[2..] {
        assert_eq!(worker.stop().code(), Some(0));
    }
    for n in 1..=5 {
        send(&ada, ping("Lost", start.plus(n * 60_000), 60_000)).await;
    }
    topic.set(&[("retention.ms", "1")]);
    until("the retention has eaten all", SOON, || topic.bounds().iter().all(|(start, end)| start == end));
    topic.set(&[]);
    for number in 0..2 {
        server.processes[2 + number] = installation.process(Role::Worker, number, &in_kafka);
    }

    // Until the API processes have seen that the topic is safe again.
    let after = Body::new(&[ping("After", start.plus(3_600_000), 60_000)], Format::Object).unwrap();
    eventually(true, SOON, async || ada.track(&after).await.is_ok()).await;
    expect(&[("After", 60_000), ("Before", 60_000)]).await;
    assert_eq!(server.lost_entries(), 5);
    assert!(installation.log().contains(TOLD));
}

#[test]
fn a_topic_that_may_lose_pings_is_refused_at_the_start_with_the_cure_unless_that_is_accepted() {
    let Some(brokers) = shared_kafka() else { return };
    let installation = installation();
    let topic = KafkaTopic::at(&brokers, "unsafe");
    topic.make(PARTITIONS, 1, &[("retention.bytes", "1000000"), ("retention.ms", "-1")]);
    let in_kafka = ["--kafka-brokers", &brokers, "--kafka-topic", "unsafe"];
    let cures = [
        "replication factor of 3",
        "set min.insync.replicas=2",
        "set retention.bytes=-1",
        "set max.message.bytes=4194304",
    ];
    let mut refused = installation.process(Role::Api, 0, &in_kafka);
    assert_eq!(refused.wait(SOON).code(), Some(1));
    let said = installation.log();
    assert!(cures.iter().all(|cure| said.contains(cure)) && !said.contains(&brokers), "{said}");

    let accepted = [&in_kafka[..], &["--accept-lossy-kafka"]].concat();
    installation.process(Role::Api, 0, &accepted).wait_until_ready();
    let said = installation.log();
    assert!(cures.iter().all(|cure| said.matches(cure).count() == 2), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_from_redis_to_kafka_and_back_without_losing_a_ping() {
    let Some(brokers) = shared_kafka() else { return };
    let installation = installation();
    let in_kafka = ["--kafka-brokers", &brokers, "--kafka-topic", "moved", "--kafka-replicas", "1"];
    let database = &installation.shared().database.direct;
    let made = run(&[&["migrate", "--database-url", database], &in_kafka[..]].concat());
    assert!(made.expect_success().contains("kafka topic moved: made"));

    let start = now().plus(-DAY_MS).day().start();
    let day = start.day().to_string();
    let mut server = installation.start(&[]);
    let ada = newcomer(&installation, "ada").await;
    let mut ms = 0;
    for options in [&in_kafka[..], &[], &in_kafka] {
        send(&ada, ping("Code", start.plus(ms), 60_000)).await;
        ms += 60_000;
        // All that is in the log is processed before there is another one.
        let expected = [("Code".to_owned(), ms)].into();
        eventually(expected, SOON, async || totals(&ada, "apps", &day, "UTC").await).await;
        assert_eq!(server.stop().code(), Some(0));
        server = installation.start(options);
    }
    send(&ada, ping("Code", start.plus(ms), 60_000)).await;
    let expected = [("Code".to_owned(), ms + 60_000)].into();
    eventually(expected, SOON, async || totals(&ada, "apps", &day, "UTC").await).await;
}
