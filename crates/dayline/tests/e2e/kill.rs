//! `kill -9` at random moments while many trackers send: nothing acknowledged is missing, nothing is counted twice.
//! `DAYLINE_KILL_ROUNDS` says how often; 1,000 times with `DAYLINE_FULL`, 10 times where `CI` is set, else 4 times.

use std::thread::sleep;
use std::time::Duration;

use dayline_testkit::length;

use super::installation;
use crate::support::dice;
use crate::support::simulation::Simulation;

fn rounds() -> u64 {
    let given = std::env::var("DAYLINE_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    given.unwrap_or_else(|| length(4, 10, 1_000))
}

#[test]
fn after_any_number_of_kills_under_load_nothing_acknowledged_is_lost_and_nothing_overlaps() {
    let (rounds, mut dice) = (rounds(), dice());
    let installation = installation();
    let mut server = installation.start(&[]);
    // More than a round takes, also beside other tests: when trackers stop, the servers must be up.
    let duration = Duration::from_millis(1_600 * rounds + 500);
    let simulation = Simulation::start(&installation, duration, dice.next(), &["--chaos"]);

    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        sleep(Duration::from_millis(dice.between(50, 1_500)));
        server.kill();
        server = installation.spawn(&[]);
        if round % 4 == 3 {
            // This one dies while it starts.
            sleep(Duration::from_millis(dice.below(120)));
            server.kill();
            server = installation.spawn(&[]);
        }
        slowest = slowest.max(server.wait_until_ready());
    }
    simulation.expect_exact();
    println!("{rounds} rounds, slowest restart {slowest:?}");
}
