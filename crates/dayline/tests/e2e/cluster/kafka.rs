//! The ping log in Kafka instead of Redis: what becomes of pings when brokers fail, and how an
//! installation comes from the one to the other. Where there is no Java these are skipped.

use std::thread::sleep;
use std::time::Duration;

use dayline_domain::DAY_MS;
use dayline_testkit::{Kafka, shared_kafka};

use super::installation;
use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::command::run;
use crate::support::simulation::Simulation;
use crate::support::{dice, length, now};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn leaders_killed_under_load_lose_and_double_nothing() {
    let Some(kafka) = Kafka::start(3) else { return };
    let (times, mut dice) = (length(2, 6, 20), dice());
    let (installation, brokers) = (installation(), kafka.brokers());
    let _server = installation.start(&["--kafka-brokers", &brokers]);
    let simulation = Simulation::start(&installation, seconds(10 * times), dice.next(), &["--chaos"]);
    for round in 0..times {
        sleep(Duration::from_millis(dice.between(1_000, 3_000)));
        // Each leads a third of the partitions.
        let broker = (round % 3) as usize;
        kafka.kill(broker);
        sleep(Duration::from_millis(dice.between(1_000, 4_000)));
        kafka.start_again(broker);
    }
    simulation.expect_exact();
}

#[test]
fn while_all_brokers_are_away_nothing_is_promised_and_then_all_goes_on() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (away, mut dice) = (seconds(length(4, 15, 30)), dice());
    let (installation, brokers) = (installation(), kafka.brokers());
    let _server = installation.start(&["--kafka-brokers", &brokers, "--kafka-replicas", "1"]);
    let lasting = away + seconds(12);
    let simulation = Simulation::start(&installation, lasting, dice.next(), &["--chaos"]);
    sleep(seconds(2));
    kafka.kill(0);
    sleep(away);
    kafka.start_again(0);
    simulation.expect_exact();
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
        eventually(expected, seconds(20), async || totals(&ada, "apps", &day, "UTC").await).await;
        assert_eq!(server.stop().code(), Some(0));
        server = installation.start(options);
    }
    send(&ada, ping("Code", start.plus(ms), 60_000)).await;
    let expected = [("Code".to_owned(), ms + 60_000)].into();
    eventually(expected, seconds(20), async || totals(&ada, "apps", &day, "UTC").await).await;
}
