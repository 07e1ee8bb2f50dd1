//! The Redis that processes share dies for good, and sentinels put its replica into its place.

use std::thread::sleep;
use std::time::Duration;

use dayline_testkit::{Sentinels, until};

use crate::support::command::run;
use crate::support::dice;
use crate::support::server::Installation;
use crate::support::shared::{Database, Shared};
use crate::support::simulation::Simulation;

/// What is not to be told of a failover.
const FALSE_ALARM: &str = "redis has lost its ping log";
/// What a busy machine may take to choose another primary.
const PATIENCE: Duration = Duration::from_mins(1);

/// All of it over TLS: `dayline-redis sentinel` has the same without.
#[test]
fn a_primary_killed_under_load_takes_no_acknowledged_ping_with_it_and_comes_back_as_a_replica() {
    let mut dice = dice();
    let (redis, sentinels) = Sentinels::start_over_tls();
    let (certificate, key) = sentinels.certificate();
    let database = Database::new();
    run(&["migrate", "--database-url", &database.direct]).expect_success();
    let installation = Installation::over(Shared::over_redis(database, redis, sentinels.url()));
    let [certificate, key] = [&certificate, &key].map(|file| file.to_str().unwrap());
    let own = ["--redis-client-certificate", certificate, "--redis-client-key", key];
    let _server = installation.start(&[&["--redis-certificates", certificate][..], &own].concat());
    let simulation = Simulation::start(&installation, Duration::from_secs(6), dice.next(), &["--chaos"]);
    sleep(Duration::from_millis(dice.between(500, 1_500)));
    let old = &installation.shared().redis;
    old.kill();
    until("the replica is the primary", PATIENCE, || sentinels.replica.leads());
    // Who comes back before that may be made the primary again.
    until("all sentinels know it", PATIENCE, || sentinels.name_the_replica());
    // Until then nothing is taken: nobody else would have it.
    old.start_again();
    until("the old primary follows", PATIENCE, || old.follows());
    simulation.expect_exact();
    assert!(!installation.log().contains(FALSE_ALARM));
    assert!(sentinels.replica.leads() && old.follows());
}
