//! Servers and commands as processes, and people to use them.

pub(crate) mod account;
pub(crate) mod command;
pub(crate) mod postgres;
pub(crate) mod readiness;
pub(crate) mod server;
pub(crate) mod shared;
pub(crate) mod simulation;

use dayline_app::ports::Clock;
use dayline_domain::UtcMs;
use dayline_local::SystemClock;
use dayline_sim::dice::Dice;

/// Now.
pub(crate) fn now() -> UtcMs {
    SystemClock.now()
}

/// Chance for one test: different in each run, and shown, so that `DAYLINE_TEST_SEED` can repeat it.
pub(crate) fn dice() -> Dice {
    let given = std::env::var("DAYLINE_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or(now().0 as u64);
    println!("DAYLINE_TEST_SEED={seed}");
    Dice::new(seed)
}
