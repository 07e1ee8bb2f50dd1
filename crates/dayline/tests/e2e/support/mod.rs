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

/// How long or how often something is done: a little by default, more where `CI` is set, in full with `DAYLINE_FULL`.
pub(crate) fn length(short: u64, longer: u64, full: u64) -> u64 {
    let is_set = |name| std::env::var_os(name).is_some();
    match (is_set("DAYLINE_FULL"), is_set("CI")) {
        (true, _) => full,
        (false, true) => longer,
        (false, false) => short,
    }
}
