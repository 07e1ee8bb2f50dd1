//! An asynchronous replica that lagged takes the place of the database: what it lacks is read again from the log, or
//! it is told as lost.

use std::thread::sleep;
use std::time::Duration;

use dayline_domain::DAY_MS;

use crate::support::account::{eventually, newcomer, ping, send, totals_if_told};
use crate::support::dice;
use crate::support::now;
use crate::support::postgres::Postgres;
use crate::support::server::Installation;
use crate::support::shared::Shared;
use crate::support::simulation::Simulation;

/// Of how much the replica lacks.
const GAP: Duration = Duration::from_secs(6);
/// What a busy machine may take to go on.
const SOON: Duration = Duration::from_secs(40);
const TOLD: &str = "accepted pings are lost";

fn with_own_database() -> (Postgres, Installation) {
    let postgres = Postgres::start();
    let installation = Installation::over(Shared::over(postgres.database()));
    (postgres, installation)
}

#[test]
fn a_replica_that_takes_over_without_the_last_seconds_is_brought_up_to_date_and_nothing_is_wrong() {
    let mut dice = dice();
    let (mut postgres, installation) = with_own_database();
    let server = installation.start(&[]);
    let replica = postgres.replica();
    let simulation =
        Simulation::start(&installation, GAP + Duration::from_secs(6), dice.next(), &["--chaos"]);
    sleep(Duration::from_secs(1));
    replica.fall_behind(&postgres);
    sleep(GAP);
    postgres.is_succeeded_by(replica);
    // Entries that the replica does not know can't be changed until it has them again, nor later if all of them was
    // erased meanwhile.
    simulation.expect_exact_but_for("a correction was not accepted: 404 not_found not found");
    assert_eq!(server.lost_entries(), 0);
    assert!(!installation.log().contains(TOLD));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_log_that_keeps_nothing_can_not_bring_back_is_told_and_work_goes_on() {
    let (mut postgres, installation) = with_own_database();
    let server = installation.start(&["--log-keep", "0"]);
    let ada = newcomer(&installation, "ada").await;
    let start = now().plus(-DAY_MS).day().start();
    let day = start.day().to_string();
    let expect = async |apps: &[(&str, i64)]| {
        let expected = apps.iter().map(|(app, ms)| ((*app).to_owned(), *ms)).collect();
        eventually(Some(expected), SOON, async || totals_if_told(&ada, "apps", &day, "UTC").await).await;
    };
    send(&ada, ping("Before", start, 60_000)).await;
    expect(&[("Before", 60_000)]).await;
    let replica = postgres.replica();
    replica.fall_behind(&postgres);
    for n in 1..=5 {
        send(&ada, ping("Lost", start.plus(n * 60_000), 60_000)).await;
    }
    expect(&[("Before", 60_000), ("Lost", 300_000)]).await;
    assert_eq!(server.lost_entries(), 0);

    postgres.is_succeeded_by(replica);
    send(&ada, ping("After", start.plus(3_600_000), 60_000)).await;
    expect(&[("After", 60_000), ("Before", 60_000)]).await;
    let lost = server.lost_entries();
    assert!((1..=5).contains(&lost), "{lost} entries");
    assert!(installation.log().contains(TOLD));
}
