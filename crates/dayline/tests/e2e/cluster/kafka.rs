//! The ping log in Kafka instead of Redis: what becomes of pings when brokers fail. Where there is no Java these are
//! skipped.

use std::thread::sleep;
use std::time::Duration;

use dayline_testkit::{Kafka, KafkaTopic, length, until};

use super::installation;
use crate::support::dice;
use crate::support::readiness::readiness;
use crate::support::simulation::Simulation;

/// What a busy machine may take for a broker to be where it was.
const SOON: Duration = Duration::from_mins(1);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn leaders_killed_under_load_lose_and_double_nothing() {
    let Some(kafka) = Kafka::start(3) else { return };
    let (times, mut dice) = (length(2, 2, 20), dice());
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
    let (away, mut dice) = (seconds(length(4, 5, 30)), dice());
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

#[test]
fn a_broker_killed_and_restarted_again_and_again_under_load_loses_and_doubles_nothing() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (times, mut dice) = (length(2, 2, 20), dice());
    let (installation, brokers) = (installation(), kafka.brokers());
    let _server = installation.start(&["--kafka-brokers", &brokers, "--kafka-replicas", "1"]);
    let simulation = Simulation::start(&installation, seconds(6 * times), dice.next(), &["--chaos"]);
    for round in 0..times {
        sleep(Duration::from_millis(dice.between(500, 2_500)));
        if round % 2 == 0 {
            kafka.kill(0);
        } else {
            kafka.stop(0);
        }
        sleep(Duration::from_millis(dice.below(500)));
        kafka.start_again(0);
    }
    simulation.expect_exact();
}

/// Waits until all partitions are in sync on so many machines.
fn in_sync(topic: &KafkaTopic, machines: usize) {
    let all = || topic.in_sync().iter().all(|in_sync| *in_sync == machines);
    until(&format!("in sync on {machines} machines"), SOON, all);
}

/// What is processed is deleted at once, so that a follower that is away misses deletions. It leads some partitions
/// afterwards, without them.
#[test]
fn a_follower_that_missed_deletions_and_a_machine_too_few_lose_and_double_nothing() {
    let Some(kafka) = Kafka::start(3) else { return };
    let mut dice = dice();
    let (installation, brokers) = (installation(), kafka.brokers());
    let server = installation.start(&["--kafka-brokers", &brokers, "--log-keep", "0"]);
    let topic = KafkaTopic::at(&brokers, "dayline-pings");
    let simulation = Simulation::start(&installation, seconds(length(20, 20, 60)), dice.next(), &["--chaos"]);

    kafka.stop(0);
    in_sync(&topic, 2);
    let deleted = || topic.bounds().iter().map(|(start, _)| start).sum::<i64>();
    let before = deleted();
    until("records are deleted while a follower is away", SOON, || deleted() > before + 50);
    kafka.start_again(0);
    in_sync(&topic, 3);
    kafka.kill(1);
    sleep(Duration::from_millis(dice.between(1_000, 3_000)));
    kafka.start_again(1);
    in_sync(&topic, 3);

    topic.require(3);
    kafka.stop(2);
    let refuses = || server.processes[..2].iter().all(|api| readiness(api).0 == 503);
    until("no ping is taken with two machines of three", SOON, refuses);
    sleep(seconds(2));
    kafka.start_again(2);
    until("pings are taken again", SOON, || server.processes[..2].iter().all(|api| readiness(api).0 == 200));
    simulation.expect_exact();
    assert_eq!(server.lost_entries(), 0);
}
