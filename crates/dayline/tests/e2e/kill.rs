//! `kill -9` at random moments while many trackers send: nothing acknowledged is missing, nothing is counted twice.
//! `DAYLINE_KILL_ROUNDS` says how often; 50 times where `CI` is set, else 4 times.

use std::io::{BufRead, BufReader, Read};
use std::thread::sleep;
use std::time::Duration;

use crate::support::command::dayline;
use crate::support::dice;
use crate::support::server::Place;

/// How soon a killed server must be back.
const RESTART: Duration = Duration::from_secs(2);

fn rounds() -> u64 {
    let given = std::env::var("DAYLINE_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    given.unwrap_or(if std::env::var_os("CI").is_some() { 50 } else { 4 })
}

#[test]
fn after_any_number_of_kills_under_load_nothing_acknowledged_is_lost_and_nothing_overlaps() {
    let (rounds, mut dice) = (rounds(), dice());
    let place = Place::new();
    let mut server = place.start(&[]);
    // A little more than a second for each round.
    let duration = format!("{}ms", 1_200 * rounds + 500);
    let mut simulate = dayline(&["simulate", "--users", "20", "--interval", "100ms", "--chaos"])
        .args(["--url", &place.url(), "--duration", &duration, "--seed", &dice.next().to_string()])
        .spawn()
        .unwrap();
    let mut remarks = BufReader::new(simulate.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("are signed in") {
        line.clear();
        assert!(remarks.read_line(&mut line).unwrap() > 0, "nobody could sign in");
    }

    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        sleep(Duration::from_millis(dice.between(50, 1_500)));
        server.kill();
        server = place.spawn(&[]);
        if round % 4 == 3 {
            // This one dies while it starts.
            sleep(Duration::from_millis(dice.below(120)));
            server.kill();
            server = place.spawn(&[]);
        }
        slowest = slowest.max(server.wait_until_ready());
    }
    let outcome = simulate.wait().unwrap();
    let (mut said, mut found) = (String::new(), String::new());
    remarks.read_to_string(&mut said).unwrap();
    simulate.stdout.take().unwrap().read_to_string(&mut found).unwrap();
    println!("{rounds} rounds, slowest restart {slowest:?}\n{found}");
    assert!(outcome.success(), "{found}{said}");
    for line in ["lost: 0\n", "overlaps: 0\n", "wrong: 0\n"] {
        assert!(found.contains(line), "{found}");
    }
    assert!(slowest < RESTART, "a restart took {slowest:?}");
}
