//! What goes wrong in a cluster while many trackers send: processes, the database and Redis die, hang and come back.
//! Each test is short by itself, longer where `CI` is set, and of full length with `DAYLINE_FULL`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use dayline_sim::dice::Dice;
use dayline_testkit::length;
use rustix::process::Signal;

use super::installation;
use crate::support::dice;
use crate::support::postgres::Postgres;
use crate::support::server::{Installation, Process, Role};
use crate::support::shared::Shared;
use crate::support::simulation::Simulation;

/// How often something fails.
fn times() -> u64 {
    length(2, 3, 20)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How many tries each simulation had to repeat.
fn repeated(found: &str) -> Vec<&str> {
    found.lines().filter_map(|line| line.strip_prefix("tries repeated: ")).collect()
}

/// Ends one of the two workers again and again, while the other goes on, and starts another in its place.
fn while_workers_are_ended(end: impl Fn(&mut Process, &mut Dice)) {
    let (times, mut dice) = (times(), dice());
    let installation = installation();
    let mut server = installation.start(&[]);
    let simulation = Simulation::start(&installation, seconds(2 * times + 2), dice.next(), &["--chaos"]);
    for _ in 0..times {
        sleep(Duration::from_millis(dice.between(100, 2_500)));
        let number = dice.below(2) as usize;
        // The workers are the last two processes.
        end(&mut server.processes[2 + number], &mut dice);
        server.processes[2 + number] = installation.process(Role::Worker, number, &[]);
    }
    let found = simulation.expect_exact();
    assert_eq!(repeated(&found), ["0", "0"], "clients notice nothing of workers");
}

#[test]
fn workers_killed_at_random_moments_lose_and_double_nothing() {
    while_workers_are_ended(|worker, dice| {
        worker.kill();
        sleep(Duration::from_millis(dice.below(500)));
    });
}

#[test]
fn workers_stopped_in_order_under_load_hand_over_in_time() {
    while_workers_are_ended(|worker, _| {
        let begin = Instant::now();
        assert_eq!(worker.stop().code(), Some(0));
        assert!(begin.elapsed() < seconds(10), "{:?}", begin.elapsed());
    });
}

#[test]
fn api_processes_killed_at_random_moments_lose_and_double_nothing() {
    let (times, mut dice) = (times(), dice());
    let installation = installation();
    let mut server = installation.start(&[]);
    let simulation = Simulation::start(&installation, seconds(2 * times + 2), dice.next(), &["--chaos"]);
    for _ in 0..times {
        sleep(Duration::from_millis(dice.between(100, 2_500)));
        let number = dice.below(2) as usize;
        server.processes[number].kill();
        server.processes[number] = installation.process(Role::Api, number, &[]);
    }
    simulation.expect_exact();
}

/// Its heart stands still together with it, so that the other worker takes over; then it goes on where it was.
#[test]
fn a_worker_that_is_paused_and_overtaken_changes_nothing_when_it_goes_on() {
    let (times, mut dice) = (times(), dice());
    let installation = installation();
    let server = installation.start(&[]);
    let simulation = Simulation::start(&installation, seconds(6 * times), dice.next(), &["--chaos"]);
    for round in 0..times {
        let worker: &Process = &server.processes[2 + (round % 2) as usize];
        sleep(Duration::from_millis(dice.between(100, 1_500)));
        worker.signal(Signal::STOP);
        // Longer than others believe that it lives, and than the database lets its transaction idle.
        sleep(Duration::from_millis(dice.between(3_000, 4_000)));
        worker.signal(Signal::CONT);
    }
    let found = simulation.expect_exact();
    assert_eq!(repeated(&found), ["0", "0"], "clients notice nothing of workers");
}

#[test]
fn redis_killed_and_restarted_under_load_loses_nothing_that_was_acknowledged() {
    let (times, mut dice) = (times(), dice());
    let installation = installation();
    let _server = installation.start(&[]);
    let simulation = Simulation::start(&installation, seconds(3 * times), dice.next(), &["--chaos"]);
    let redis = &installation.shared().redis;
    for round in 0..2 * times {
        sleep(Duration::from_millis(dice.between(100, 1_500)));
        if round % 2 == 0 {
            redis.kill();
        } else {
            redis.stop();
        }
        sleep(Duration::from_millis(dice.below(500)));
        redis.start_again();
    }
    simulation.expect_exact();
}

fn with_own_database() -> (Postgres, Installation) {
    let postgres = Postgres::start();
    let installation = Installation::over(Shared::over(postgres.database()));
    (postgres, installation)
}

#[test]
fn while_the_database_is_away_every_ping_is_taken_and_all_are_in_the_timeline_soon_after() {
    let away = seconds(length(4, 5, 60));
    let mut dice = dice();
    let (mut postgres, installation) = with_own_database();
    let _server = installation.start(&[]);
    // The timelines are looked at for 30 s after the last ping, which is sent when the database is back.
    let lasting = away + seconds(3);
    let began = Instant::now();
    let simulation = Simulation::start(&installation, lasting, dice.next(), &[]);
    sleep(seconds(1));
    postgres.stop();
    sleep(away);
    postgres.start_again();
    let back = Instant::now();
    let found = simulation.expect_exact();
    println!("away for {away:?}, exact {:?} after it was back, {:?} in all", back.elapsed(), began.elapsed());
    assert_eq!(repeated(&found), ["0", "0"], "every ping is taken at the first try");
}

#[test]
fn a_database_restarted_and_killed_under_load_loses_and_doubles_nothing() {
    let (times, mut dice) = (times(), dice());
    let (mut postgres, installation) = with_own_database();
    let _server = installation.start(&[]);
    let simulation = Simulation::start(&installation, seconds(3 * times), dice.next(), &[]);
    for round in 0..times {
        sleep(Duration::from_millis(dice.between(100, 2_000)));
        if round % 2 == 0 {
            postgres.stop();
        } else {
            postgres.crash();
        }
        sleep(Duration::from_millis(dice.below(1_000)));
        postgres.start_again();
    }
    let found = simulation.expect_exact();
    assert_eq!(repeated(&found), ["0", "0"], "every ping is taken at the first try");
}

#[test]
fn connections_to_the_database_cut_at_any_moment_lose_and_double_nothing() {
    let (times, mut dice) = (20 * times(), dice());
    let (postgres, installation) = with_own_database();
    let _server = installation.start(&[]);
    let duration = Duration::from_millis(110 * times);
    let simulation = Simulation::start(&installation, duration, dice.next(), &["--chaos"]);
    let mut cut = 0;
    for _ in 0..times {
        sleep(Duration::from_millis(dice.below(200)));
        cut += postgres.cut();
    }
    println!("{cut} connections were cut");
    assert!(cut as u64 > times / 2);
    simulation.expect_exact();
}
